/** One interpreter in the sandbox: started, spoken to in frames, measured, and ended with all that it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { isAlive } from '../../process-life.js';
import { bubblewrapArguments, pythonEnvironment } from './bubblewrap.js';
import type { ControlGroup } from './control-group.js';
import { encodeFrame, type Frame, FrameReader } from './frames.js';
import type { Workload } from './languages/workload.js';
import type { SandboxLimits } from './limits.js';
import { isRefused, parsePowers } from './powers.js';
import { childrenOf, type ProcessUsage, parentOf, treeOf, treeUsage } from './process-usage.js';
import type { PowerCheck } from './pyodide/check-powers.js';
import { pyodideCommand } from './pyodide.js';
import type { Sandbox } from './sandbox.js';

/** Where a process runs and what it may use. */
export interface ConfinedPlace {
  readonly sandbox: Sandbox;
  readonly limits: SandboxLimits;
  readonly uid: number | undefined;
  readonly group: ControlGroup;
  /** Whether the code may start processes; threads it always may. */
  readonly processes?: boolean;
}

export interface ConfinedWork {
  /** Python source that the interpreter runs. */
  readonly program: string;
  /** What is run in place of the interpreter: a program of another language. Not in Pyodide. */
  readonly workload?: Workload | undefined;
  readonly onFrame: (frame: Frame) => void;
  /** The process has ended by itself, or broke a limit that only its parent can see. */
  readonly onEnd: (end: ProcessEnd) => void;
}

export interface ProcessEnd {
  readonly why: 'exit' | 'output_limit' | 'reply_limit' | 'spawn';
  /** 128 + signal number for a process that a signal ended. */
  readonly code: number;
  readonly message: string;
}

/** Descriptors inside, besides 0 to 2: the channel (codec.py), and what bubblewrap alone uses. */
const [channelFd, statusFd, blockFd, seccompFd, firstFileFd] = [3, 4, 5, 6, 7];
const keptOutput = 4096;
const sampleMs = 50;

export class ConfinedProcess {
  private readonly child: ChildProcess;
  private readonly closed: Promise<void>;
  private readonly timer: NodeJS.Timeout;
  private readonly folder: string | undefined;
  private work: Partial<ConfinedWork>;
  /** First process of the sandbox as seen from outside; ending it ends everything inside. */
  private rootPid: number | undefined;
  private hasEnded = false;
  private isEnding = false;
  private isReleased = false;
  /** Its moves into the control group. */
  private moves: Promise<readonly boolean[]> = Promise.resolve([]);
  private oomKillsBefore = 0;
  /** Frames that Pyodide's process has not been sent, because it has not proven itself or has no program yet. */
  private unsent: Buffer[] | undefined;
  private best: ProcessUsage | undefined;
  private kept: Buffer = Buffer.alloc(0);
  outputBytes = 0;
  /** What Pyodide's process tried in vain before it was given anything to run. */
  powers: PowerCheck | undefined;

  /** Without a program it waits for `begin`, which only Pyodide's rung can do. */
  constructor(private readonly options: ConfinedPlace & Partial<ConfinedWork>) {
    const { sandbox, group } = options;
    this.work = options;
    this.oomKillsBefore = group.oomKills();
    this.folder =
      sandbox.rung === 'unsafe' ? mkdtempSync(path.join(os.tmpdir(), `evalrun-task-${process.pid}-`)) : undefined;
    this.unsent = sandbox.pyodide === undefined ? undefined : [];
    this.child = this.start();
    this.closed = new Promise((resolve) => {
      this.child.once('close', resolve);
      // Without a process there is no close.
      this.child.once('error', () => this.child.pid === undefined && resolve());
    });
    this.child.once('error', (error) => this.end({ why: 'spawn', code: 0, message: error.message }));
    // Not "exit": what it has sent before may still be on its way.
    this.child.once('close', (code, signal) => {
      const number = signal === null ? (code ?? 0) : 128 + (os.constants.signals[signal] ?? 0);
      this.end({ why: 'exit', code: number, message: this.output });
    });
    if (this.child.pid !== undefined) this.attach();
    this.timer = setInterval(() => this.sample(), sampleMs);
    this.timer.unref();
  }

  get output(): string {
    return this.kept.toString('utf8');
  }

  /** As far as it was measured; `sample` measures now. */
  get usage(): ProcessUsage | undefined {
    return this.best;
  }

  /** The interpreter itself as seen from outside, once it runs. */
  get interpreterPid(): number | undefined {
    const { rung, pyodide } = this.options.sandbox;
    const isDirect = rung === 'unsafe' || pyodide?.namespaces.length === 0;
    return this.rootPid === undefined || isDirect ? this.rootPid : childrenOf(this.rootPid)[0];
  }

  get wasOutOfMemory(): boolean {
    return this.options.group.oomKills() > this.oomKillsBefore;
  }

  /** Whether it has ended by itself, or never started. */
  get isOver(): boolean {
    return this.hasEnded;
  }

  /** Gives a program to a process that was started without one; to be called once. */
  begin(work: ConfinedWork): void {
    this.work = work;
    void this.release();
  }

  send(kind: string, payload: Buffer): void {
    const frame = encodeFrame(kind, payload);
    if (this.unsent !== undefined) this.unsent.push(frame);
    else if (!this.hasEnded) this.channel?.write(frame);
  }

  sample(): void {
    const usage = this.rootPid === undefined || this.hasEnded ? undefined : treeUsage(this.rootPid);
    if (usage === undefined) return;
    this.best = {
      cpuMs: Math.max(usage.cpuMs, this.best?.cpuMs ?? 0),
      maxRssBytes: Math.max(usage.maxRssBytes, this.best?.maxRssBytes ?? 0),
    };
  }

  /** Ends it and everything that it started; resolves when all of it is gone and every descriptor is closed. */
  async kill(): Promise<void> {
    this.sample();
    clearInterval(this.timer);
    this.isEnding = true;
    this.signal();
    this.channel?.destroy();
    // Bubblewrap may have been between two steps when the first signal came.
    const again = setInterval(() => this.signal(true), 500);
    await this.closed;
    clearInterval(again);
    await this.awaitGone();
    // The next task has groups of the same names, and its process could have the same number.
    await this.moves;
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * On a busy machine bubblewrap's outer process may be gone before the inner one, which is the last of its namespace to go. It may
   * then stay dead in the list of processes: whoever adopted it, in a container often a first process that seldom waits for others', or
   * never, has to ask for it.
   */
  private async awaitGone(): Promise<void> {
    for (let attempt = 0; attempt < 500 && this.rootPid !== undefined && isAlive(this.rootPid); attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private start(): ChildProcess {
    const { sandbox, workload, limits, uid, processes = false } = this.options;
    const { interpreter, bubblewrap, filters, pyodide } = sandbox;
    if (pyodide !== undefined) {
      const { command, args, env } = pyodideCommand(pyodide, limits);
      return spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', pyodide.snapshot.readable],
        detached: true,
        cwd: '/',
        env,
        ...(pyodide.forEveryUser && uid !== undefined && { uid, gid: uid }),
      });
    }
    // -s -S: no installed packages; not -I, which would ignore the hash seed of the environment, all of it ours.
    const python = [interpreter.executable, '-s', '-S', '-B', '-c', this.work.program ?? ''];
    const identity = uid === undefined ? {} : { uid, gid: uid };
    const inside = workload?.command ?? python;
    if (bubblewrap === undefined || filters === undefined) {
      const [command = '', ...args] = inside;
      for (const [name, text] of Object.entries(workload?.files ?? {})) {
        const file = path.join(this.folder ?? os.tmpdir(), name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      const env = workload?.environment ?? pythonEnvironment(interpreter);
      return spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        detached: true,
        ...(this.folder !== undefined && { cwd: this.folder }),
        env,
      });
    }
    const { diskBytes } = limits;
    const files = Object.entries(workload?.files ?? {});
    const fileFds = Object.fromEntries(files.map(([name], at) => [name, firstFileFd + at]));
    const root = bubblewrapArguments({
      bubblewrap,
      interpreter,
      ...(workload && { workload: { root: workload, fileFds } }),
      diskBytes,
      seccompFd,
      statusFd,
      blockFd,
    });
    const filter = filters[processes ? 'processes' : 'closed'].open();
    const opened = files.map(([, text]) => openNameless(text));
    try {
      return spawn(bubblewrap.path, [...root, ...inside], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', filter, ...opened],
        detached: true,
        cwd: '/',
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
        ...identity,
      });
    } finally {
      for (const fd of [filter, ...opened]) closeSync(fd);
    }
  }

  private attach(): void {
    const { stdio } = this.child;
    for (const stream of stdio) stream?.on('error', () => this.child.exitCode ?? this.signal());
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (bytes: Buffer) => this.collectOutput(bytes));
    }
    const reader = new FrameReader(this.options.limits.replyBytes + 4096);
    this.channel?.on('data', (bytes: Buffer) => {
      const { frames, tooLarge } = reader.push(bytes);
      for (const frame of frames) if (!this.hasEnded && !this.isEnding) this.receive(frame);
      if (tooLarge) this.end({ why: 'reply_limit', code: 0, message: 'a frame larger than allowed' });
    });
    // A closed channel never opens again: nothing more can be learnt from this process.
    this.channel?.once('end', () => {
      const left = setTimeout(() => this.signal(true), 500);
      this.child.once('exit', () => clearTimeout(left));
    });
    if (this.options.sandbox.bubblewrap === undefined) this.rootPid = this.child.pid;
    else this.awaitRoot(stdio[statusFd] as Readable, stdio[blockFd] as Writable);
  }

  private receive(frame: Frame): void {
    if (this.unsent === undefined) this.work.onFrame?.(frame);
    else this.onReady(frame);
  }

  /** Pyodide's process says first what it cannot do; it gets nothing to run before that is right. */
  private onReady({ kind, payload }: Frame): void {
    this.powers = kind === 'H' ? parsePowers(payload) : undefined;
    const { powers = { report: 'none' } } = this;
    const kept = Object.keys(powers).filter((name) => !isRefused(powers[name]));
    if (kept.length === 0) void this.release();
    else this.end({ why: 'spawn', code: 0, message: `its process does not hold: ${kept.join(', ')}` });
  }

  /** Sends what has waited, the program first, once the process is in its control group. */
  private async release(): Promise<void> {
    const { program } = this.work;
    if (this.isReleased || this.unsent === undefined || this.powers === undefined || program === undefined) return;
    this.isReleased = true;
    // A process that waits for a program is in no group: there it would share the memory of one that runs.
    if (!(await this.enterGroup(treeOf(this.rootPid)))) return;
    this.channel?.write(Buffer.concat([encodeFrame('X', Buffer.from(program)), ...this.unsent]));
    this.unsent = undefined;
  }

  /** Whether there is still something to be done once they are in. */
  private async enterGroup(pids: readonly number[]): Promise<boolean> {
    this.moves = Promise.all(pids.map((pid) => this.options.group.add(pid)));
    const areIn = (await this.moves).every((isIn) => isIn);
    if (!areIn) this.end({ why: 'spawn', code: 0, message: 'it cannot be put into its control group' });
    return !this.hasEnded && !this.isEnding;
  }

  /** Bubblewrap waits until its first process is in its control group. */
  private awaitRoot(status: Readable, block: Writable): void {
    let text = '';
    status.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const pid = /"child-pid"\s*:\s*(\d+)/.exec(text)?.[1];
      if (pid === undefined || this.rootPid !== undefined) return;
      this.rootPid = Number(pid);
      if (this.isEnding) this.signal();
      else void this.admit(this.rootPid, block);
    });
  }

  private async admit(pid: number, block: Writable): Promise<void> {
    if (!(await this.enterGroup([pid]))) return;
    // A Python does this to itself.
    if (this.options.workload !== undefined) lowerPriority(pid);
    block.end('x');
  }

  private get channel(): Duplex | undefined {
    return (this.child.stdio[channelFd] as Duplex | null | undefined) ?? undefined;
  }

  private collectOutput(bytes: Buffer): void {
    this.outputBytes += bytes.length;
    if (this.kept.length < keptOutput) this.kept = Buffer.concat([this.kept, bytes.subarray(0, keptOutput)]);
    if (this.outputBytes > this.options.limits.outputBytes) {
      const message = `printed more than ${this.options.limits.outputBytes} bytes`;
      this.end({ why: 'output_limit', code: 0, message });
    }
  }

  private end(end: ProcessEnd): void {
    if (this.hasEnded || this.isEnding) return;
    this.hasEnded = true;
    this.work.onEnd?.(end);
  }

  /**
   * While the first process inside is not known yet, `awaitRoot` ends it as soon as it is: without its parent it would
   * wait forever. `monitorToo`: also bubblewrap's outer process, which otherwise ends when it has reaped the inner one.
   */
  private signal(monitorToo = false): void {
    // A process that escaped from an unsafe rung's group may hold the other ends for ever.
    if (monitorToo) for (const stream of this.child.stdio) stream?.destroy();
    const outer = this.child.pid;
    if (outer === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    if (this.options.sandbox.bubblewrap === undefined) sendKill(-outer);
    // Only while it is the monitor's child can the number not have gone to somebody else.
    else if (this.rootPid !== undefined && parentOf(this.rootPid) === outer) sendKill(this.rootPid);
    if (monitorToo) sendKill(outer);
  }
}

/** A descriptor that reads `text` from a file without a name. */
function openNameless(text: string): number {
  const folder = mkdtempSync(path.join(os.tmpdir(), `evalrun-file-${process.pid}-`));
  try {
    const file = path.join(folder, 'file');
    writeFileSync(file, text, { mode: 0o600 });
    return openSync(file, 'r');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Below the engine, which feeds the model meanwhile. */
function lowerPriority(pid: number): void {
  try {
    os.setPriority(pid, 10);
  } catch (error) {
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Gone already is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

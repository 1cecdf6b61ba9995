/** One generated program judged: candidate and test in two processes, this one between them, and only this one's word counts. */
import { randomBytes } from 'node:crypto';
import { EvalrunError } from '../../errors.js';
import { packagePath } from './bubblewrap.js';
import { type ConfinedPlace, ConfinedProcess, type ConfinedWork, type ProcessEnd } from './confined-process.js';
import type { ControlGroup } from './control-group.js';
import type { Frame } from './frames.js';
import { compileFailure, type LanguageName, type LanguageTask, type Toolchain } from './languages/language.js';
import { workloadOf } from './languages/workload.js';
import { resourceLimits, type SandboxLimits } from './limits.js';
import { decodeWords, encodePlain, type Plain } from './plain-data.js';
import { programOf, pythonFile } from './python-source.js';
import type { Sandbox } from './sandbox.js';
import type { Slot } from './slot.js';
import type { Spares } from './spares.js';
import { escapeControl, type FailureKind, type SandboxStatus, type SandboxVerdict } from './verdict.js';

export interface PythonTask {
  /** The whole generated program, prompt included. */
  readonly program: string;
  /** Source that defines `check(candidate)`; the candidate's process never sees it. */
  readonly test: string;
  readonly entryPoint: string;
  /** Source that the test may use by name, e.g. the prompt with its helper functions; runs in the judge, so never the model's text. */
  readonly prelude?: string;
  /** Questions that the test asks of the reference solution: a pass needs at least as many. Default 1. */
  readonly minCalls?: number;
  /** Lets the program start processes of its own. Default false. */
  readonly processes?: boolean;
  /** Where they are not the pool's. */
  readonly limits?: Partial<SandboxLimits>;
  readonly signal?: AbortSignal;
}

/** A task in another language; its toolchain may start processes. */
export interface ForeignTask extends LanguageTask {
  readonly language: LanguageName;
  /** See PythonTask. */
  readonly minCalls?: number;
  readonly limits?: Partial<SandboxLimits>;
  readonly signal?: AbortSignal;
}

export type ProgramTask = PythonTask | ForeignTask;

export interface TaskPlace {
  readonly sandbox: Sandbox;
  readonly slot: Slot;
  readonly limits: SandboxLimits;
  /** Of the language of a ForeignTask. */
  readonly toolchain?: Toolchain | undefined;
  /** Processes started ahead, and whether another task will want them. */
  readonly spares?: Spares;
  readonly isMoreWaiting?: () => boolean;
}

interface Outcome {
  readonly status: SandboxStatus;
  readonly kind?: FailureKind;
  readonly detail: string;
}

const numpyStandIn = pythonFile('numpy_stand_in.py');
const failed = (kind: FailureKind, detail: string): Outcome => ({ status: 'failed', kind, detail });

/**
 * Judges a task in a slot that nobody else uses meanwhile. Resolves when every process of the task is gone. Failures of the
 * sandbox are verdicts (`sandbox_error`); only an abort throws (`run/interrupted`).
 */
export async function judgeInSlot(task: ProgramTask, place: TaskPlace): Promise<SandboxVerdict> {
  const early = refuseSource(task, place.limits);
  const { rung } = place.sandbox;
  const noUsage = { wallMs: 0, cpuMs: 0, maxRssBytes: null, outputBytes: 0 };
  if (early !== undefined) return { ...early, calls: 0, output: '', usage: noUsage, rung };
  if (task.signal?.aborted) throw interrupted();
  return new Trial(task, place).run();
}

function refuseSource({ program }: ProgramTask, limits: SandboxLimits): Outcome | undefined {
  if (program.trim() === '') return failed('no_code', 'the program is empty');
  if (Buffer.byteLength(program) <= limits.sourceBytes) return undefined;
  return failed('source_limit', `the program is longer than ${limits.sourceBytes} bytes`);
}

class Trial {
  private readonly nonce = randomBytes(16).toString('hex');
  private readonly startedAt = performance.now();
  private candidate!: ConfinedProcess;
  private judge!: ConfinedProcess;
  private settle!: (outcome: Outcome) => void;
  private readonly settled = new Promise<Outcome>((resolve) => {
    this.settle = resolve;
  });
  private candidateState: 'starting' | 'loading' | 'idle' | 'asked' = 'starting';
  private judgeStarted = false;
  /** A question that came before the program was loaded. */
  private waiting: Buffer | undefined;
  private calls = 0;
  private deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly task: ProgramTask,
    private readonly place: TaskPlace,
  ) {}

  async run(): Promise<SandboxVerdict> {
    const { limits, sandbox, toolchain } = this.place;
    const { signal } = this.task;
    this.startDeadline(limits.timeoutMs + (toolchain?.startMs ?? 0));
    const abort = () => this.settle({ status: 'sandbox_error', detail: 'interrupted' });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.start();
      const outcome = await this.settled;
      return await this.finish(outcome, sandbox);
    } finally {
      clearTimeout(this.deadline);
      signal?.removeEventListener('abort', abort);
    }
  }

  private startDeadline(ms: number): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.settle({ status: 'timeout', detail: `no verdict after ${ms / 1000} s` }), ms);
  }

  private start(): void {
    const { sandbox, slot, toolchain, spares } = this.place;
    const { task } = this;
    const start = (options: ConfinedPlace & ConfinedWork) => spares?.take(options) ?? new ConfinedProcess(options);
    const workloads = 'language' in task && toolchain !== undefined ? this.workloads(task, toolchain) : undefined;
    this.candidate = start({
      ...this.placeOf(slot.groups.candidate),
      processes: 'language' in task || (task.processes ?? false),
      program: programOf(sandbox, 'candidate.py'),
      workload: workloads?.candidate,
      onFrame: (frame) => this.onCandidate(frame),
      onEnd: (end) => this.onCandidateEnd(end),
    });
    this.judge = start({
      ...this.placeOf(slot.groups.judge),
      processes: 'language' in task,
      program: programOf(sandbox, 'judge.py'),
      workload: workloads?.judge,
      onFrame: (frame) => this.onJudge(frame),
      onEnd: (end) => this.onJudgeEnd(end),
    });
    if (workloads !== undefined) return;
    const { program, test, entryPoint } = task;
    // Before the judge's own NumPy, where it has one, this steps back.
    const prelude = (test.includes('import numpy') ? numpyStandIn : '') + (task.prelude ?? '');
    this.candidate.send('P', encodePlain({ ...this.settings(), program, entry: entryPoint }));
    this.judge.send('P', encodePlain({ ...this.settings(), test, prelude, entry: entryPoint, nonce: this.nonce }));
  }

  private workloads(task: ForeignTask, toolchain: Toolchain) {
    const { limits } = this.place;
    return {
      candidate: workloadOf(toolchain.candidate(task), toolchain, limits),
      judge: workloadOf(toolchain.judge(task, this.nonce), toolchain, limits),
    };
  }

  private placeOf(group: ControlGroup): ConfinedPlace {
    const { sandbox, slot, limits } = this.place;
    return { sandbox, limits, uid: slot.uid, group };
  }

  private settings(): Record<string, Plain> {
    const { limits, sandbox } = this.place;
    return {
      rlimits: resourceLimits(limits),
      limits: { bytes: limits.replyBytes, nodes: limits.replyNodes, depth: limits.replyDepth },
      // Below the engine, which feeds the model meanwhile.
      nice: 10,
      path: packagePath(sandbox.interpreter),
    };
  }

  private onCandidate({ kind, payload }: Frame): void {
    if (kind === 'S' && this.candidateState === 'starting') this.onStarted();
    else if (kind === 'R' && this.candidateState === 'loading') this.onLoaded(payload);
    else if (this.candidateState === 'asked' && (kind === 'V' || kind === 'E')) {
      this.candidateState = 'idle';
      this.judge.send(kind, payload);
    } else if (this.candidateState === 'asked' && kind === 'L') {
      this.settle(failed('reply_limit', 'an answer is too large, too deep or has too many parts'));
    } else this.settle(failed('protocol', 'the program wrote to the channel of its process'));
  }

  private onStarted(): void {
    this.candidateState = 'loading';
    const { slot, spares, isMoreWaiting } = this.place;
    if (!isMoreWaiting?.()) return;
    for (const group of [slot.groups.candidate, slot.groups.judge]) spares?.prepare(this.placeOf(group));
  }

  private onLoaded(payload: Buffer): void {
    const [state, detail] = decodeWords(payload) ?? [];
    if (state === 'ready') {
      this.candidateState = 'idle';
      if (this.waiting !== undefined) this.ask(this.waiting);
      return;
    }
    const text = String(detail);
    if (state === 'oom') this.settle({ status: 'oom', detail: text });
    else if (state === 'syntax' || state === 'exception' || state === 'exit' || state === 'missing_entry_point') {
      this.settle(failed(state, text));
    } else this.settle(failed('protocol', 'the program wrote to the channel of its process'));
  }

  private onJudge({ kind, payload }: Frame): void {
    if (kind === 'S' && !this.judgeStarted) this.judgeStarted = true;
    else if (kind === 'C' && this.candidateState === 'idle') this.ask(payload);
    else if (kind === 'C' && this.waiting === undefined && this.candidateState !== 'asked') this.waiting = payload;
    else if (kind === 'J') this.onVerdict(payload);
    else this.settle({ status: 'sandbox_error', detail: 'the judge broke its protocol' });
  }

  private ask(payload: Buffer): void {
    this.waiting = undefined;
    // Compilers have done their work by now; what follows is the program's own time.
    if (this.calls === 0 && this.place.toolchain !== undefined) this.startDeadline(this.place.limits.timeoutMs);
    this.calls++;
    this.candidateState = 'asked';
    this.candidate.send('C', payload);
  }

  private onVerdict(payload: Buffer): void {
    const [nonce, outcome, detail] = decodeWords(payload) ?? [];
    const text = String(detail);
    const { minCalls = 1 } = this.task;
    if (nonce !== this.nonce)
      this.settle({ status: 'sandbox_error', detail: 'a verdict without the nonce of its task' });
    else if (outcome === 'passed' && this.candidateState !== 'idle') {
      // A test without questions may end before the program has loaded; that is no pass either.
      this.settle(failed('too_few_calls', 'the test ended without asking the program'));
    } else if (outcome === 'passed' && this.calls < minCalls) {
      this.settle(failed('too_few_calls', `the test asked ${this.calls} times, ${minCalls} expected`));
    } else if (outcome === 'passed') this.settle({ status: 'passed', detail: '' });
    else if (outcome === 'oom') this.settle({ status: 'oom', detail: text });
    else if (outcome === 'test_error') this.settle({ status: 'sandbox_error', detail: text });
    else if (
      outcome === 'assertion' ||
      outcome === 'exception' ||
      outcome === 'reply_limit' ||
      outcome === 'protocol'
    ) {
      this.settle(failed(outcome, text));
    } else this.settle({ status: 'sandbox_error', detail: 'the judge gave no verdict that is known' });
  }

  private onCandidateEnd({ why, code, message }: ProcessEnd): void {
    if (why === 'output_limit' || why === 'reply_limit') this.settle(failed(why, message));
    else if (why === 'spawn' || this.candidateState === 'starting') {
      this.settle({
        status: 'sandbox_error',
        detail: `the sandbox does not start: ${message.trim() || `exit ${code}`}`,
      });
    } else if (this.candidate.wasOutOfMemory)
      this.settle({ status: 'oom', detail: 'ended by the kernel: out of memory' });
    else if (code === 128 + 24) this.settle({ status: 'timeout', detail: 'used up its processor time' });
    else if (this.place.toolchain !== undefined && code === compileFailure && this.candidateState === 'loading') {
      this.settle(failed('syntax', firstError(message)));
    } else {
      // PHP ends with 255 after a fatal error; the last signal is 64.
      const how = code > 128 && code <= 192 ? `was ended by signal ${code - 128}` : `ended with exit status ${code}`;
      this.settle(failed('crashed', `the program's process ${how} before it answered`));
    }
  }

  private onJudgeEnd({ why, code, message }: ProcessEnd): void {
    if (why === 'output_limit') this.settle(failed('output_limit', `the test, with the program's answers, ${message}`));
    else if (this.judge.wasOutOfMemory)
      this.settle({ status: 'oom', detail: 'the answers filled the memory of the judge' });
    else if (code === 128 + 24) this.settle({ status: 'timeout', detail: 'the test used up its processor time' });
    else if (this.place.toolchain !== undefined && code === compileFailure && this.judgeStarted) {
      // A few published tests do not compile with any program; the toolchain itself was proven before.
      this.settle(failed('exception', `the test does not compile: ${firstError(message)}`));
    } else {
      const reason = message.trim().split('\n').at(-1) || `exit ${code}`;
      this.settle({ status: 'sandbox_error', detail: `the judge's process ended: ${reason}` });
    }
  }

  /** Every process is gone before anybody reads the verdict. */
  private async finish(outcome: Outcome, { rung }: Sandbox): Promise<SandboxVerdict> {
    await Promise.all([this.candidate.kill(), this.judge.kill()]);
    if (this.task.signal?.aborted) throw interrupted();
    const { usage, outputBytes, output } = this.candidate;
    return {
      status: outcome.status,
      ...(outcome.kind !== undefined && { kind: outcome.kind }),
      detail: escapeControl(outcome.detail),
      calls: this.calls,
      output: escapeControl(output),
      usage: {
        wallMs: performance.now() - this.startedAt,
        cpuMs: usage?.cpuMs ?? null,
        maxRssBytes: usage?.maxRssBytes ?? null,
        outputBytes,
      },
      rung,
    };
  }
}

/** The first line of a compiler's messages that names an error. */
function firstError(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /\berror\b/i.test(line)) ?? lines[0] ?? 'it does not compile').slice(0, 300);
}

function interrupted(): EvalrunError {
  return new EvalrunError('run/interrupted', { what: 'The execution of a generated program was interrupted' });
}

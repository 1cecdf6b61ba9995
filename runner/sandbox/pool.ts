/** Many tasks on a few workers, each worker with its own slot of the sandbox. */
import os from 'node:os';
import pLimit, { type LimitFunction } from 'p-limit';
import { removeStaleGroups } from './control-group.js';
import type { LanguageName, Toolchain } from './languages/language.js';
import { defaultLimits, type SandboxLimits } from './limits.js';
import { hostBytes } from './pyodide.js';
import type { Sandbox, SandboxOptions } from './sandbox.js';
import { leaveSlot, type Slot, takeSlot } from './slot.js';
import { Spares } from './spares.js';
import { judgeInSlot, type ProgramTask, type PythonTask } from './split-judge.js';
import { openSandbox, type SandboxReport } from './status.js';
import type { Rung, SandboxVerdict } from './verdict.js';

export interface PoolOptions extends SandboxOptions {
  /** Tasks at once. Default: half of the cores, at least 1, because each task is two processes beside the engine. */
  readonly workers?: number;
  readonly limits?: Partial<SandboxLimits>;
  /** Judge a failed program a second time and mark it `flaky` when it then passes. The first verdict counts. Default true. */
  readonly repeatFailures?: boolean;
  /** Languages besides Python that tasks may have. */
  readonly toolchains?: ReadonlyMap<LanguageName, Toolchain>;
}

/** @example const pool = await SandboxPool.open({ workers: 2 }); const verdict = await pool.run(task); await pool.close(); */
export class SandboxPool {
  private readonly limit: LimitFunction;
  private readonly idle: Slot[] = [];
  private readonly spares = new Spares();
  private readonly limits: SandboxLimits;

  private constructor(
    private readonly sandbox: Sandbox,
    /** What runs the programs, for run.json. */
    readonly report: SandboxReport,
    private readonly options: PoolOptions,
  ) {
    this.limit = pLimit(options.workers ?? Math.max(1, Math.floor(os.availableParallelism() / 2)));
    this.limits = { ...defaultLimits, ...options.limits };
  }

  /** Starts one process to prove the sandbox. Throws `run/sandbox-missing` where no rung is present and `unsafeExec` is not set. */
  static async open(options: PoolOptions = {}): Promise<SandboxPool> {
    removeStaleGroups();
    const { sandbox, report } = await openSandbox(options);
    const toolchains = [...(options.toolchains?.values() ?? [])].map(({ language, version }) => [language, version]);
    const known = { ...report, ...(toolchains.length > 0 && { toolchains: Object.fromEntries(toolchains) }) };
    return new SandboxPool(sandbox, known, options);
  }

  /** Waits for a worker; the deadline counts from when the program starts. Failures of the sandbox are tried a second time. */
  run(task: ProgramTask): Promise<SandboxVerdict> {
    return this.limit(async () => {
      const toolchain = 'language' in task ? this.options.toolchains?.get(task.language) : undefined;
      if ('language' in task && (toolchain === undefined || this.sandbox.pyodide !== undefined)) {
        return missingToolchain(task.language, this.sandbox.rung);
      }
      const slot = this.idle.pop() ?? takeSlot(this.limits, this.sandbox.pyodide === undefined ? 0 : hostBytes);
      const { sandbox, spares } = this;
      const limits = { ...this.limits, ...task.limits };
      const isMoreWaiting = () => this.limit.pendingCount > 0;
      const judge = () => judgeInSlot(task, { sandbox, slot, limits, toolchain, spares, isMoreWaiting });
      try {
        const first = await judge();
        if (first.status === 'sandbox_error') return await judge();
        if (first.status !== 'failed' || this.options.repeatFailures === false) return first;
        const second = await judge();
        return second.status === 'passed' ? { ...first, flaky: true } : first;
      } finally {
        this.idle.push(slot);
      }
    });
  }

  /** To be called when no task is running. Leaves no process, file, mount, group or descriptor. */
  async close(): Promise<void> {
    await this.spares.close();
    await Promise.all(this.idle.splice(0).map(leaveSlot));
    this.sandbox.close();
  }
}

/** Nothing is known about the program: this is no wrong answer. */
function missingToolchain(language: LanguageName, rung: Rung): SandboxVerdict {
  const usage = { wallMs: 0, cpuMs: null, maxRssBytes: null, outputBytes: 0 };
  const why = rung === 'pyodide' ? 'Pyodide runs Python alone' : 'its toolchain was not opened';
  const detail = `${language} cannot be run: ${why}`;
  return { status: 'sandbox_error', detail, calls: 0, output: '', usage, rung };
}

/** One task on its own; a pool is better for several. Throws `run/sandbox-missing` as SandboxPool.open does. */
export async function runPythonTask(
  task: PythonTask & { readonly timeoutMs?: number },
  options: PoolOptions = {},
): Promise<SandboxVerdict> {
  const { timeoutMs, ...rest } = task;
  const limits = { ...options.limits, ...(timeoutMs !== undefined && { timeoutMs }) };
  const pool = await SandboxPool.open({ ...options, limits, workers: 1 });
  try {
    return await pool.run(rest);
  } finally {
    await pool.close();
  }
}

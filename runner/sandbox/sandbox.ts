/** What a machine offers to run generated code in, found once and then used for every task. */
import { EvalrunError } from '../../errors.js';
import { type Bubblewrap, findBubblewrap } from './bubblewrap.js';
import { FilterFile } from './filter-file.js';
import { findInterpreter, type Interpreter } from './interpreter.js';
import type { Rung } from './verdict.js';

export interface SandboxOptions {
  /** Runs code without isolation where there is no sandbox. It can then read, change and send whatever this user can. */
  readonly unsafeExec?: boolean;
  /** Program to use as bubblewrap; `bwrap` on PATH, or EVALRUN_BWRAP, when absent. */
  readonly bubblewrap?: string;
  /** Interpreter to use; see findInterpreter. */
  readonly python?: string;
}

export interface Sandbox {
  readonly rung: Rung;
  readonly interpreter: Interpreter;
  readonly bubblewrap?: Bubblewrap;
  /** Filters for code that may start processes and for code that may not. */
  readonly filters?: { readonly closed: FilterFile; readonly processes: FilterFile };
  close(): void;
}

const installAdvice = 'install bubblewrap and Python (apt-get install bubblewrap python3)';

/**
 * The best rung whose parts are installed. Throws `run/sandbox-missing` when there is none and `unsafeExec` is not set. Whether the
 * rung holds is for openSandbox in status.ts to find out.
 */
export async function openRung(options: SandboxOptions = {}): Promise<Sandbox> {
  const { found: interpreter, refused } = await findInterpreter(options.python);
  if (interpreter === undefined) throw missingSandbox(`no usable Python (${refused.join('; ')})`);
  const bubblewrap = process.platform === 'linux' ? await findBubblewrap(options.bubblewrap) : 'bubblewrap needs Linux';
  if (typeof bubblewrap !== 'string') {
    const filters = { closed: new FilterFile({ processes: false }), processes: new FilterFile({ processes: true }) };
    const close = () => {
      filters.closed.close();
      filters.processes.close();
    };
    return { rung: 'bubblewrap', interpreter, bubblewrap, filters, close };
  }
  if (options.unsafeExec) return { rung: 'unsafe', interpreter, close: () => {} };
  throw missingSandbox(bubblewrap);
}

export function missingSandbox(found: string): EvalrunError {
  return new EvalrunError('run/sandbox-missing', {
    what: 'There is no sandbox for generated code on this machine',
    expected: 'bubblewrap and Python 3.9 or newer',
    found,
    todo: `${installAdvice}, or, in a machine that you can lose, run with --unsafe-exec`,
  });
}

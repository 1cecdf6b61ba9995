/** What a machine offers to run generated code in, found once and then used for every task. */
import { EvalrunError } from '../../errors.js';
import { type Bubblewrap, findBubblewrap } from './bubblewrap.js';
import { FilterFile } from './filter-file.js';
import { findInterpreter, type Interpreter } from './interpreter.js';
import { findPyodide, type Pyodide } from './pyodide.js';
import type { Rung } from './verdict.js';

/** Rungs that isolate, the best first. */
export const rungs = ['bubblewrap', 'pyodide'] as const;
export type IsolatingRung = (typeof rungs)[number];

export interface SandboxOptions {
  /** Runs code without isolation where there is no sandbox. It can then read, change and send whatever this user can. */
  readonly unsafeExec?: boolean;
  /** The only rung to use; the one named by EVALRUN_SANDBOX, or the best that holds, when absent. */
  readonly rung?: IsolatingRung;
  /** Program to use as bubblewrap; `bwrap` on PATH, or EVALRUN_BWRAP, when absent. */
  readonly bubblewrap?: string;
  /** Interpreter to use; see findInterpreter. */
  readonly python?: string;
  /** Folder of Pyodide; EVALRUN_PYODIDE, or that of the installed npm package, when absent. */
  readonly pyodide?: string;
}

export interface Sandbox {
  readonly rung: Rung;
  /** The Python that runs programs; on Pyodide's rung its own, whose executable is that of Node.js. */
  readonly interpreter: Interpreter;
  readonly bubblewrap?: Bubblewrap;
  /** Filters for code that may start processes and for code that may not. */
  readonly filters?: { readonly closed: FilterFile; readonly processes: FilterFile };
  readonly pyodide?: Pyodide;
  close(): void;
}

/**
 * A rung whose parts are installed, or why it has none. Whether it holds is for openSandbox in status.ts to find out.
 */
export function openRung(rung: Rung, options: SandboxOptions): Promise<Sandbox | string> {
  if (rung === 'bubblewrap') return openBubblewrap(options);
  return rung === 'pyodide' ? openPyodide(options) : openUnsafe(options);
}

async function openBubblewrap(options: SandboxOptions): Promise<Sandbox | string> {
  if (process.platform !== 'linux') return 'bubblewrap needs Linux';
  const bubblewrap = await findBubblewrap(options.bubblewrap);
  if (typeof bubblewrap === 'string') return bubblewrap;
  const { found: interpreter, refused } = await findInterpreter(options.python);
  if (interpreter === undefined) return `no usable Python (${refused.join('; ')})`;
  const filters = { closed: new FilterFile({ processes: false }), processes: new FilterFile({ processes: true }) };
  const close = () => {
    filters.closed.close();
    filters.processes.close();
  };
  return { rung: 'bubblewrap', interpreter, bubblewrap, filters, close };
}

async function openPyodide(options: SandboxOptions): Promise<Sandbox | string> {
  const pyodide = await findPyodide(options.pyodide);
  if (typeof pyodide === 'string') return pyodide;
  const { python: version, folder } = pyodide;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const interpreter: Interpreter = {
    ...{ executable: process.execPath, version, version_info: [major, minor], stdlib: [folder] },
    ...{ sites: [], libraries: [], packages: {} },
  };
  // It is made ready once for this process, and shared.
  return { rung: 'pyodide', interpreter, pyodide, close: () => {} };
}

async function openUnsafe(options: SandboxOptions): Promise<Sandbox | string> {
  const { found: interpreter, refused } = await findInterpreter(options.python);
  if (interpreter === undefined) return `no usable Python (${refused.join('; ')})`;
  return { rung: 'unsafe', interpreter, close: () => {} };
}

/** The rung that must be used, if somebody has said so. Throws `usage/sandbox-rung` for a name that is none. */
export function forcedRung({ rung }: SandboxOptions): IsolatingRung | undefined {
  const name = rung ?? process.env.EVALRUN_SANDBOX;
  if (name === undefined || name === '') return undefined;
  const found = rungs.find((known) => known === name);
  if (found !== undefined) return found;
  throw new EvalrunError('usage/sandbox-rung', {
    what: 'EVALRUN_SANDBOX names no sandbox',
    expected: rungs.join(' or '),
    found: name,
    todo: 'correct it, or unset it for the best that this machine has',
  });
}

/** For a machine where no rung holds, or not the one that was asked for. */
export function missingSandbox(found: string, forced?: IsolatingRung): EvalrunError {
  return new EvalrunError('run/sandbox-missing', {
    what:
      forced === undefined
        ? 'There is no sandbox for generated code on this machine'
        : `The sandbox that was asked for, ${forced}, does not work on this machine`,
    expected: 'bubblewrap with Python 3.9 or newer, or Pyodide',
    found,
    todo: `install bubblewrap and Python (apt-get install bubblewrap python3), or, in a machine that you can lose, run with --unsafe-exec`,
  });
}

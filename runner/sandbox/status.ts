/** Which rung of the sandbox this machine has, proven by a process that was started in it. */
import { EvalrunError } from '../../errors.js';
import { type Defence, probeDefences } from './probe.js';
import { missingSandbox, openRung, type Sandbox, type SandboxOptions } from './sandbox.js';
import type { Rung } from './verdict.js';

/** As it goes into run.json. */
export interface SandboxReport {
  readonly rung: Rung | 'none';
  readonly bubblewrap: string | null;
  readonly python: string | null;
  /** Python packages that generated code can import besides the standard library, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
  readonly defences: readonly Defence[];
  /** Languages besides Python that tasks may have -> version; only where there are such. */
  readonly toolchains?: Readonly<Record<string, string>>;
  /** Why there is no rung, and what to do about it. */
  readonly missing?: string;
}

/**
 * Opens the best rung that holds. Throws `run/sandbox-missing` when none does and `unsafeExec` is not set: also when
 * bubblewrap is installed but may not make namespaces here, or one of its essential defences is not live.
 */
export async function openSandbox(options: SandboxOptions = {}): Promise<{ sandbox: Sandbox; report: SandboxReport }> {
  const sandbox = await openRung(options);
  if (sandbox.rung === 'unsafe') return { sandbox, report: reportOf(sandbox, []) };
  const defences = await probeDefences(sandbox);
  const defect = typeof defences === 'string' ? defences : describeFallen(defences);
  if (defect === undefined) return { sandbox, report: reportOf(sandbox, defences as readonly Defence[]) };
  sandbox.close();
  if (!options.unsafeExec) throw missingSandbox(`bubblewrap does not hold here: ${defect}`);
  const unsafe: Sandbox = { rung: 'unsafe', interpreter: sandbox.interpreter, close: () => {} };
  return { sandbox: unsafe, report: reportOf(unsafe, []) };
}

/** The rung and its live defences; never throws for a machine without one. */
export async function sandboxStatus(options: SandboxOptions = {}): Promise<SandboxReport> {
  try {
    const { sandbox, report } = await openSandbox(options);
    sandbox.close();
    return report;
  } catch (error) {
    if (!(error instanceof EvalrunError) || error.code !== 'run/sandbox-missing') throw error;
    const nothing = { bubblewrap: null, python: null, packages: {}, defences: [] };
    return { rung: 'none', ...nothing, missing: error.message };
  }
}

function describeFallen(defences: readonly Defence[]): string | undefined {
  const fallen = defences.filter(({ essential, live }) => essential && !live);
  return fallen.length === 0
    ? undefined
    : fallen.map(({ name, found }) => `"${name}" is not live (${found})`).join('; ');
}

function reportOf({ rung, bubblewrap, interpreter }: Sandbox, defences: readonly Defence[]): SandboxReport {
  const packages = Object.entries(interpreter.packages).map(([name, { version }]) => [name, version]);
  return {
    rung,
    bubblewrap: bubblewrap?.version ?? null,
    python: interpreter.version,
    packages: Object.fromEntries(packages),
    defences,
  };
}

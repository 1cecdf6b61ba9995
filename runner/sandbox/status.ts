/** Which rung of the sandbox this machine has, proven by a process that was started in it. */
import { EvalrunError } from '../../errors.js';
import { type Defence, probeDefences } from './probe.js';
import { forcedRung, missingSandbox, openRung, rungs, type Sandbox, type SandboxOptions } from './sandbox.js';
import type { Rung } from './verdict.js';

/** As it goes into run.json, `passedOver` and `missing` excepted. */
export interface SandboxReport {
  readonly rung: Rung | 'none';
  readonly bubblewrap: string | null;
  readonly pyodide: string | null;
  readonly python: string | null;
  /** Python packages that generated code can import besides the standard library, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
  readonly defences: readonly Defence[];
  /** Languages besides Python that tasks may have -> version; only where there are such. */
  readonly toolchains?: Readonly<Record<string, string>>;
  /** Better rungs, each with the reason why it is not used. */
  readonly passedOver: readonly PassedOver[];
  /** Why there is no rung, and what to do about it. */
  readonly missing?: string;
}

export interface PassedOver {
  readonly rung: Rung;
  readonly why: string;
}

/**
 * Opens the best rung that holds, or the one that is asked for. Throws `run/sandbox-missing` when it does not hold and
 * `unsafeExec` is not set: also when bubblewrap is installed but may not make namespaces here, or one of the essential
 * defences of a rung is not live. A rung that was asked for by name is never replaced by none.
 */
export async function openSandbox(options: SandboxOptions = {}): Promise<{ sandbox: Sandbox; report: SandboxReport }> {
  const forced = forcedRung(options);
  const passedOver: PassedOver[] = [];
  for (const rung of forced === undefined ? rungs : [forced]) {
    const opened = await openProven(rung, options);
    if (typeof opened !== 'string') return { ...opened, report: reportOf(opened.sandbox, opened.defences, passedOver) };
    passedOver.push({ rung, why: opened });
  }
  const reasons = passedOver.map(({ rung, why }) => (why.startsWith(rung) ? why : `${rung}: ${why}`));
  if (options.unsafeExec && forced === undefined) {
    const sandbox = await openRung('unsafe', options);
    if (typeof sandbox !== 'string') return { sandbox, report: reportOf(sandbox, [], passedOver) };
    reasons.push(sandbox);
  }
  throw missingSandbox(reasons.join('; '), forced);
}

/** The rung with its live defences, or why it is not to be used. */
async function openProven(
  rung: Rung,
  options: SandboxOptions,
): Promise<{ sandbox: Sandbox; defences: readonly Defence[] } | string> {
  const sandbox = await openRung(rung, options);
  if (typeof sandbox === 'string') return sandbox;
  const defences = await probeDefences(sandbox);
  const defect = typeof defences === 'string' ? defences : describeFallen(defences);
  if (defect === undefined) return { sandbox, defences: defences as readonly Defence[] };
  sandbox.close();
  return `${rung} does not hold here: ${defect}`;
}

/** The rung and its live defences; never throws for a machine without one. */
export async function sandboxStatus(options: SandboxOptions = {}): Promise<SandboxReport> {
  try {
    const { sandbox, report } = await openSandbox(options);
    sandbox.close();
    return report;
  } catch (error) {
    if (!(error instanceof EvalrunError) || error.code !== 'run/sandbox-missing') throw error;
    const nothing = { bubblewrap: null, pyodide: null, python: null, packages: {}, defences: [], passedOver: [] };
    return { rung: 'none', ...nothing, missing: error.message };
  }
}

function describeFallen(defences: readonly Defence[]): string | undefined {
  const fallen = defences.filter(({ essential, live }) => essential && !live);
  return fallen.length === 0
    ? undefined
    : fallen.map(({ name, found }) => `"${name}" is not live (${found})`).join('; ');
}

function reportOf(
  { rung, bubblewrap, pyodide, interpreter }: Sandbox,
  defences: readonly Defence[],
  passedOver: readonly PassedOver[],
): SandboxReport {
  const packages = Object.entries(interpreter.packages).map(([name, { version }]) => [name, version]);
  return {
    rung,
    bubblewrap: bubblewrap?.version ?? null,
    pyodide: pyodide?.version ?? null,
    python: interpreter.version,
    packages: Object.fromEntries(packages),
    defences,
    passedOver,
  };
}

/** Opens what runs generated programs, and says in run.json what that is. */
import type { ProgramRunner } from './judge-answer.js';
import type { SandboxRecord } from './run-record.js';
import { defaultLimits } from './sandbox/limits.js';
import { SandboxPool } from './sandbox/pool.js';
import type { SandboxReport } from './sandbox/status.js';

/**
 * The sandbox of this machine.
 *
 * @throws EvalrunError `run/sandbox-missing` where none holds and `unsafeExec` is not set
 */
export async function openPrograms({ unsafeExec }: { readonly unsafeExec: boolean }): Promise<ProgramRunner> {
  // The first verdict counts, so a second attempt at each failed program would only take time.
  return SandboxPool.open({ unsafeExec, repeatFailures: false });
}

export function sandboxRecord(report: SandboxReport): SandboxRecord {
  const { rung, bubblewrap, pyodide, python, packages, defences } = report;
  return {
    rung,
    bubblewrap,
    pyodide,
    python,
    packages: { ...packages },
    defences: defences.map(({ name, live, essential, found }) => ({ name, live, essential, found })),
    limits: { ...defaultLimits },
  };
}

/** Opens what runs generated programs, and says in run.json what that is. */
import { EvalrunError } from '../errors.js';
import type { CodeLanguage } from '../suites/suite.js';
import type { ProgramRunner } from './judge-answer.js';
import type { SandboxRecord } from './run-record.js';
import { languageNamed } from './sandbox/languages/languages.js';
import { findToolchains } from './sandbox/languages/toolchains.js';
import { defaultLimits } from './sandbox/limits.js';
import { SandboxPool } from './sandbox/pool.js';
import type { SandboxReport } from './sandbox/status.js';

export interface ProgramOptions {
  readonly unsafeExec: boolean;
  /** Languages besides Python that programs are in. */
  readonly languages?: readonly CodeLanguage[];
}

/**
 * The sandbox of this machine.
 *
 * @throws EvalrunError `run/sandbox-missing` where none holds and `unsafeExec` is not set, `run/toolchain-missing` for a
 *   language that cannot be run here
 */
export async function openPrograms({ unsafeExec, languages = [] }: ProgramOptions): Promise<ProgramRunner> {
  const { found, missing } = await findToolchains(languages, { unsafeExec });
  for (const [name, why] of missing) {
    throw new EvalrunError('run/toolchain-missing', {
      what: `programs in ${languageNamed(name).title} cannot be run on this machine`,
      found: why,
      todo: 'without it these programs have no verdict; leave their language out with --subjects, or install it',
    });
  }
  // The first verdict counts, so a second attempt at each failed program would only take time.
  return SandboxPool.open({ unsafeExec, repeatFailures: false, toolchains: found });
}

/** Which languages this machine cannot run, for a suite's plan. Throws `run/sandbox-missing` as openPrograms does. */
export async function missingLanguages(
  languages: readonly CodeLanguage[],
  { unsafeExec }: Pick<ProgramOptions, 'unsafeExec'>,
): Promise<ReadonlyMap<CodeLanguage, string>> {
  return (await findToolchains(languages, { unsafeExec })).missing;
}

export function sandboxRecord(report: SandboxReport): SandboxRecord {
  const { rung, bubblewrap, pyodide, python, packages, defences, toolchains } = report;
  return {
    rung,
    bubblewrap,
    pyodide,
    python,
    packages: { ...packages },
    ...(toolchains !== undefined && { toolchains: { ...toolchains } }),
    defences: defences.map(({ name, live, essential, found }) => ({ name, live, essential, found })),
    limits: { ...defaultLimits },
  };
}

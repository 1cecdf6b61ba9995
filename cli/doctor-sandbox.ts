/** What would run generated programs on this machine, why that, and how it holds. */
import { EvalrunError } from '../errors.js';
import type { Defence } from '../runner/sandbox/probe.js';
import { type SandboxReport, sandboxStatus } from '../runner/sandbox/status.js';
import type { Finding } from './doctor.js';

const advice = 'install bubblewrap and Python (apt-get install bubblewrap python3)';

/** The rung first, then its defences, one finding each. Starts a process in the sandbox. */
export async function inspectSandbox(): Promise<Finding[]> {
  try {
    return describeSandbox(await sandboxStatus());
  } catch (error) {
    // EVALRUN_SANDBOX or a variable like it is wrong.
    if (!(error instanceof EvalrunError)) throw error;
    return [{ name: 'sandbox', state: 'note', found: error.message }];
  }
}

export function describeSandbox(report: SandboxReport): Finding[] {
  const { rung, bubblewrap, pyodide, python, packages, defences, passedOver, missing = '' } = report;
  if (rung === 'none') return [{ name: 'sandbox', state: 'note', found: `none. ${missing}`, facts: { rung } }];
  const others = Object.entries(packages).map(([name, version]) => `, ${name} ${version}`);
  const why = passedOver.map(({ why }) => `; ${why}`).join('');
  const found = `${rung} ${bubblewrap ?? pyodide}, Python ${python}${others.join('')}${why}`;
  const isBest = passedOver.length === 0;
  const head: Finding = { name: 'sandbox', state: isBest ? 'ok' : 'note', found, facts: { rung } };
  return [isBest ? head : { ...head, todo: advice }, ...defences.map(describeDefence)];
}

function describeDefence({ name, live, found }: Defence): Finding {
  return { name: `  ${name}`, state: live ? 'ok' : 'note', found: live ? found : `OFF: ${found}` };
}

/** One sentence for the end of the report. */
export function renderSandboxUse(findings: readonly Finding[]): string {
  const rung = findings[0]?.facts?.rung;
  if (rung === undefined || rung === 'none')
    return 'Generated programs: not run, because there is no sandbox for them.';
  return `Generated programs: in ${rung === 'pyodide' ? 'Pyodide, each in a process of its own' : 'bubblewrap'}.`;
}

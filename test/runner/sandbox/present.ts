/** Which rungs of the sandbox this machine has; tests that need one skip with the reason in their name. */
import { describe } from '@jest/globals';
import type { IsolatingRung } from '../../../runner/sandbox/sandbox.js';
import { sandboxStatus } from '../../../runner/sandbox/status.js';

/** A sandbox that is installed but does not hold is a defect to be seen, not a reason to skip. */
export async function describerOf(rung: IsolatingRung): Promise<(name: string, body: () => void) => void> {
  const { rung: found, missing } = await sandboxStatus({ rung });
  const isPresent = found === rung || missing?.includes('is not live');
  if (isPresent) return describe;
  return (name, body) => describe.skip(`${name} (skipped: ${missing ?? 'no sandbox'})`, body);
}

/** Tests of the rung that runs use, which EVALRUN_SANDBOX can change for all of them. */
export const usedRung = process.env.EVALRUN_SANDBOX === 'pyodide' ? 'pyodide' : 'bubblewrap';
export const describeInSandbox = await describerOf(usedRung);

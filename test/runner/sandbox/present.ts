/** Whether this machine has a sandbox; tests that need one skip with the reason in their name. */
import { describe } from '@jest/globals';
import { sandboxStatus } from '../../../runner/sandbox/status.js';

const { rung, missing } = await sandboxStatus();

/** A sandbox that is installed but does not hold is a defect to be seen, not a reason to skip. */
const isPresent = rung === 'bubblewrap' || missing?.includes('is not live');

export function describeInSandbox(name: string, body: () => void): void {
  if (isPresent) describe(name, body);
  else describe.skip(`${name} (skipped: ${missing ?? 'no sandbox'})`, body);
}

import { describe, expect, test } from '@jest/globals';
import { describeSandbox, renderSandboxUse } from '../../cli/doctor-sandbox.js';
import type { SandboxReport } from '../../runner/sandbox/status.js';

const report: SandboxReport = {
  ...{ rung: 'bubblewrap', bubblewrap: '0.8.0', pyodide: null, python: '3.11.2', packages: { numpy: '2.1.0' } },
  defences: [
    { name: 'no network', live: true, essential: true, found: 'refused' },
    { name: 'memory control group', live: false, essential: false, found: 'no right to make groups here' },
  ],
  passedOver: [],
};

describe('what the doctor says of the sandbox', () => {
  test('is the rung with its versions, and a line for each defence', () => {
    const findings = describeSandbox(report);
    expect(findings.map(({ name, state, found }) => [name.trim(), state, found])).toEqual([
      ['sandbox', 'ok', 'bubblewrap 0.8.0, Python 3.11.2, numpy 2.1.0'],
      ['no network', 'ok', 'refused'],
      ['memory control group', 'note', 'OFF: no right to make groups here'],
    ]);
    expect(renderSandboxUse(findings)).toBe('Generated programs: in bubblewrap.');
  });

  test('says why a better rung is not used, and what to install', () => {
    const passedOver = [{ rung: 'bubblewrap', why: 'bwrap is not installed' }] as const;
    const [head] = describeSandbox({ ...report, rung: 'pyodide', bubblewrap: null, pyodide: '314.0.7', passedOver });
    expect(head).toMatchObject({
      state: 'note',
      found: expect.stringMatching(/^pyodide 314\.0\.7, Python .*; bwrap is not installed$/),
      todo: expect.stringMatching(/apt-get install bubblewrap/),
    });
  });

  test('does not stop runs of other suites where there is none', () => {
    const findings = describeSandbox({ ...report, rung: 'none', defences: [], missing: 'There is no sandbox.' });
    expect(findings).toMatchObject([{ state: 'note', found: 'none. There is no sandbox.' }]);
    expect(renderSandboxUse(findings)).toMatch(/not run/);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderSelftest } from '../../cli/sandbox.js';
import type { SelftestResult } from '../../runner/sandbox/selftest.js';
import type { SandboxReport } from '../../runner/sandbox/status.js';
import { runCli } from './run-cli.js';

const right = { got: 'failed(exit)', ok: true, detail: '' };
const report: SandboxReport = {
  ...{ rung: 'bubblewrap', bubblewrap: '0.8.0', pyodide: null, python: '3.11.2', packages: {}, passedOver: [] },
  defences: [{ name: 'no network', live: true, essential: true, found: 'refused' }],
};
const result: SelftestResult = {
  reports: { bubblewrap: report, pyodide: { ...report, rung: 'pyodide', bubblewrap: null, pyodide: '314.0.7' } },
  rows: [
    {
      row: 1,
      attack: 'sys.exit(0)',
      expected: 'failed(exit) | timeout',
      answers: { bubblewrap: right, pyodide: right },
    },
    {
      ...{ row: 2, attack: 'always equal', expected: 'failed(assertion)' },
      answers: { bubblewrap: { got: 'passed', ok: false, detail: 'forged' }, pyodide: { skipped: 'no objects there' } },
    },
  ],
  elsewhere: [{ row: 31, why: 'a matter of the tests' }],
  wallMs: 1500,
};
const none = { EVALRUN_BWRAP: '/nonexistent/bwrap' };

describe('evalrun sandbox selftest', () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await mkdtemp(path.join(os.tmpdir(), 'evalrun-selftest-'));
  });
  afterAll(() => rm(cwd, { recursive: true }));

  test('prints each answer of each rung and names the wrong ones', () => {
    const text = renderSelftest(result, 120);
    expect(text).toMatch(/bubblewrap 0\.8\.0, Python 3\.11\.2[\s\S]*pyodide 314\.0\.7, Python/);
    expect(text).toMatch(/│ 1 +│ sys\.exit\(0\) +│ failed\(exit\), timeout +│ failed\(exit\) +│ failed\(exit\)/);
    expect(text).toMatch(/│ 2 +│ always equal +│ failed\(assertion\) +│ NO: passed +│ - /);
    expect(text).toMatch(/WRONG on bubblewrap: row 2, always equal: passed, not failed\(assertion\) \(forged\)/);
    expect(text).toMatch(/Row 2 not fired on pyodide: no objects there\./);
    expect(text).toMatch(/Row 31 is answered elsewhere/);
    expect(text).toMatch(/2 of 3 answers are right/);
    expect(text).not.toContain('\u001b');
  });

  test.each([80, 120])('fits into %i columns', (columns) => {
    const lines = renderSelftest(result, columns).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test('exits with 3 and says what to install where the rung is missing', async () => {
    const { code, stdout } = await runCli(['sandbox', 'selftest', '--rung', 'bubblewrap'], { cwd, env: none });
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringMatching(/apt-get install[\s\S]*python3/) });
  });

  test('prints one JSON object when asked', async () => {
    const args = ['sandbox', 'selftest', '--rung', 'bubblewrap', '--json'];
    const { code, stdout } = await runCli(args, { cwd, env: none });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ reports: { bubblewrap: { rung: 'none' } }, rows: [] });
  });

  test('names the rungs when it is asked for another', async () => {
    const { code, stderr } = await runCli(['sandbox', 'selftest', '--rung', 'docker'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(/bubblewrap, pyodide/);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderSelftest } from '../../cli/sandbox.js';
import type { SelftestResult } from '../../runner/sandbox/selftest.js';
import { runCli } from './run-cli.js';

const row = { row: 1, attack: 'sys.exit(0)', expected: 'failed(exit)', got: 'failed(exit)', ok: true, detail: '' };
const result: SelftestResult = {
  report: {
    rung: 'bubblewrap',
    bubblewrap: '0.8.0',
    pyodide: null,
    passedOver: [],
    python: '3.11.2',
    packages: {},
    defences: [{ name: 'no network', live: true, essential: true, found: 'refused' }],
  },
  rows: [row, { ...row, row: 2, attack: 'always equal', got: 'passed', ok: false, detail: 'forged' }],
  elsewhere: [{ row: 31, why: 'a matter of the tests' }],
  wallMs: 1500,
};

describe('evalrun sandbox selftest', () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await mkdtemp(path.join(os.tmpdir(), 'evalrun-selftest-'));
  });
  afterAll(() => rm(cwd, { recursive: true }));

  test('prints each answer and names the wrong ones', () => {
    const text = renderSelftest(result);
    expect(text).toMatch(/1 +│ sys\.exit\(0\) +│ failed\(exit\) +│ failed\(exit\) +│ yes/);
    expect(text).toMatch(/WRONG: row 2, always equal: forged/);
    expect(text).toMatch(/Row 31 is answered elsewhere/);
    expect(text).toMatch(/1 of 2 answers are right/);
    expect(text).not.toContain('\u001b');
  });

  test('exits with 3 and says what to install where there is no sandbox', async () => {
    const env = { EVALRUN_BWRAP: '/nonexistent/bwrap' };
    const { code, stdout } = await runCli(['sandbox', 'selftest'], { cwd, env });
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringMatching(/apt-get install bubblewrap python3/) });
  });

  test('prints one JSON object when asked', async () => {
    const env = { EVALRUN_BWRAP: '/nonexistent/bwrap' };
    const { code, stdout } = await runCli(['sandbox', 'selftest', '--json'], { cwd, env });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ report: { rung: 'none' }, rows: [] });
  });
});

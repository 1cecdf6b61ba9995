import { describe, expect, test } from '@jest/globals';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { sandboxStatus } from '../../../runner/sandbox/status.js';
import { check } from './check.js';
import { describeInSandbox } from './present.js';

describeInSandbox('the status of the sandbox', () => {
  test('names the rung and each defence with what was seen', async () => {
    const { rung, bubblewrap, python, defences } = await sandboxStatus();
    expect({ rung, bubblewrap, python }).toEqual({
      rung: 'bubblewrap',
      bubblewrap: expect.stringMatching(/^\d+\.\d+/),
      python: expect.stringMatching(/^3\.\d+/),
    });
    expect(defences.filter(({ essential, live }) => essential && !live)).toEqual([]);
    expect(defences.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['namespaces', 'no network', 'not root', 'no capabilities', 'system-call filter']),
    );
  });
});

describe('a machine without bubblewrap', () => {
  const bubblewrap = '/nonexistent/bwrap';

  test('has no rung and says what to install', async () => {
    const { rung, missing, defences } = await sandboxStatus({ bubblewrap });
    expect(rung).toBe('none');
    expect(defences).toEqual([]);
    expect(missing).toMatch(/apt-get install bubblewrap python3/);
  });

  test('runs nothing', async () => {
    await expect(SandboxPool.open({ bubblewrap })).rejects.toMatchObject({ code: 'run/sandbox-missing' });
  });

  test('does not take a bubblewrap that cannot start a process for a sandbox', async () => {
    await expect(SandboxPool.open({ bubblewrap: 'true' })).rejects.toMatchObject({ code: 'run/sandbox-missing' });
  });

  test('runs programs with the same judge, and says so, when that is asked for', async () => {
    const { rung } = await sandboxStatus();
    // Without any Python there is nothing to run programs with.
    if (rung === 'none') return;
    const pool = await SandboxPool.open({ bubblewrap, unsafeExec: true, workers: 1, repeatFailures: false });
    const task = { test: check('assert candidate(1) == 1'), entryPoint: 'f' };
    const right = await pool.run({ ...task, program: 'def f(x):\n    return x\n' });
    const exits = await pool.run({ ...task, program: 'import os\ndef f(x):\n    os._exit(0)\n' });
    await pool.close();
    expect(right).toMatchObject({ status: 'passed', rung: 'unsafe' });
    expect(exits).toMatchObject({ status: 'failed', kind: 'crashed' });
    expect(pool.report.rung).toBe('unsafe');
  });
});

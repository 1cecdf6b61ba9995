import { afterEach, describe, expect, test } from '@jest/globals';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { sandboxStatus } from '../../../runner/sandbox/status.js';
import { check } from './check.js';
import { describeInSandbox } from './present.js';

describeInSandbox('the status of the sandbox', () => {
  test('names the rung and each defence with what was seen', async () => {
    const { rung, bubblewrap, python, defences } = await sandboxStatus({ rung: 'bubblewrap' });
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

  test('uses Pyodide, says why, and what that rung does without', async () => {
    const report = await sandboxStatus({ bubblewrap });
    expect(report).toMatchObject({
      ...{ rung: 'pyodide', bubblewrap: null, pyodide: expect.stringMatching(/^\d+\./) },
      ...{ python: expect.stringMatching(/^3\.\d+/), packages: {} },
      passedOver: [{ rung: 'bubblewrap', why: '/nonexistent/bwrap is not installed' }],
    });
    expect(report.defences.filter(({ essential, live }) => essential && !live)).toEqual([]);
    expect(report.defences).toContainEqual(
      expect.objectContaining({ name: 'system-call filter', live: false, essential: false }),
    );
  });

  test('does not take a bubblewrap that cannot start a process for a sandbox', async () => {
    const { rung, passedOver } = await sandboxStatus({ bubblewrap: 'true' });
    expect([rung, passedOver[0]?.why]).toEqual(['pyodide', expect.stringMatching(/^bubblewrap does not hold here/)]);
  });

  test('has no rung when that one is asked for, whatever else is allowed', async () => {
    const options = { bubblewrap, rung: 'bubblewrap', unsafeExec: true } as const;
    const { rung, missing, defences } = await sandboxStatus(options);
    expect({ rung, defences }).toEqual({ rung: 'none', defences: [] });
    expect(missing).toMatch(/asked for, bubblewrap, does not work on this machine/);
  });
});

describe('a machine without any sandbox', () => {
  const nothing = { bubblewrap: '/nonexistent/bwrap', pyodide: '/nonexistent/pyodide' };

  test('has no rung and says what to install', async () => {
    const { rung, missing, defences } = await sandboxStatus(nothing);
    expect({ rung, defences }).toEqual({ rung: 'none', defences: [] });
    expect(missing).toMatch(/bwrap is not installed.*no Pyodide in .*apt-get install bubblewrap python3/);
  });

  test('runs nothing', async () => {
    await expect(SandboxPool.open(nothing)).rejects.toMatchObject({ code: 'run/sandbox-missing' });
  });

  test('runs programs with the same judge, and says so, when that is asked for', async () => {
    const { rung } = await sandboxStatus({ ...nothing, unsafeExec: true });
    // Without any Python there is nothing to run programs with.
    if (rung === 'none') return;
    const pool = await SandboxPool.open({ ...nothing, unsafeExec: true, workers: 1, repeatFailures: false });
    const task = { test: check('assert candidate(1) == 1'), entryPoint: 'f' };
    const right = await pool.run({ ...task, program: 'def f(x):\n    return x\n' });
    const exits = await pool.run({ ...task, program: 'import os\ndef f(x):\n    os._exit(0)\n' });
    await pool.close();
    expect(right).toMatchObject({ status: 'passed', rung: 'unsafe' });
    expect(exits).toMatchObject({ status: 'failed', kind: 'crashed' });
    expect(pool.report.rung).toBe('unsafe');
  });
});

describe('EVALRUN_SANDBOX', () => {
  const before = process.env.EVALRUN_SANDBOX;
  afterEach(() => {
    if (before === undefined) delete process.env.EVALRUN_SANDBOX;
    else process.env.EVALRUN_SANDBOX = before;
  });

  test('names the rung to use, even below a better one', async () => {
    process.env.EVALRUN_SANDBOX = 'pyodide';
    expect(await sandboxStatus()).toMatchObject({ rung: 'pyodide', passedOver: [] });
  });

  test('is refused when it names none', async () => {
    process.env.EVALRUN_SANDBOX = 'docker';
    await expect(sandboxStatus()).rejects.toMatchObject({
      code: 'usage/sandbox-rung',
      message: expect.stringMatching(/bubblewrap or pyodide, found docker/),
    });
  });
});

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { isAlive } from '../../../process-life.js';
import { answerOf } from '../../../runner/sandbox/attacks/attack.js';
import { javascriptAttacks } from '../../../runner/sandbox/attacks/javascript.js';
import { countLeftovers } from '../../../runner/sandbox/leftovers.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { treeOf } from '../../../runner/sandbox/process-usage.js';
import { runSelftest } from '../../../runner/sandbox/selftest.js';
import { check } from './check.js';
import { describerOf } from './present.js';

const describeInPyodide = await describerOf('pyodide');

interface Row {
  readonly prompt: string;
  readonly canonical_solution: string;
  readonly test: string;
  readonly entry_point: string;
}

/** Every sixth function in the box: `EVALRUN_SANDBOX=pyodide npm test` runs all of them on this rung. */
const rows: Row[] = gunzipSync(readFileSync(path.join(packageRoot, 'datasets/samples/humaneval/HumanEval.jsonl.gz')))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter((_, index) => index % 6 === 0);

describeInPyodide('Pyodide', () => {
  let pool: SandboxPool;
  beforeAll(async () => {
    pool = await SandboxPool.open({
      rung: 'pyodide',
      workers: 2,
      repeatFailures: false,
      limits: { timeoutMs: 30_000 },
    });
  });
  afterAll(() => pool.close());

  test('answers every attack through JavaScript as required, and nothing is left behind', async () => {
    const { rows: fired } = await runSelftest({ rungs: ['pyodide'], only: javascriptAttacks });
    expect(fired.length).toBeGreaterThan(javascriptAttacks.length);
    expect(fired.filter(({ answers: { pyodide } }) => !(pyodide && 'ok' in pyodide && pyodide.ok))).toEqual([]);
  }, 120_000);

  test('passes reference solutions and no stub', async () => {
    const judge = (body: (row: Row) => string) =>
      Promise.all(
        rows.map(async (row) => {
          const { prompt: prelude, test: source, entry_point: entryPoint } = row;
          const verdict = await pool.run({ program: prelude + body(row), prelude, test: source, entryPoint });
          return answerOf(verdict);
        }),
      );
    expect(new Set(await judge((row) => row.canonical_solution))).toEqual(new Set(['passed']));
    const stubs = await judge(() => '    return None\n');
    expect(stubs).toHaveLength(7);
    expect(stubs.filter((answer) => !answer.startsWith('failed('))).toEqual([]);
  }, 120_000);

  const answers: [name: string, program: string, test: string, answer: string][] = [
    ['an exit while loading', 'import os\nos._exit(0)\n', 'candidate()', 'failed(crashed)'],
    ['an exception', 'def f():\n    return {}[1]\n', 'candidate()', 'failed(exception)'],
    ['a syntax error', 'def f(:\n', 'candidate()', 'failed(syntax)'],
    ['deep recursion', 'def f(n=9):\n    return f(n + 1)\n', 'candidate()', 'failed(exception)'],
    ['what is printed', "def f():\n    print('x\\x1b[2J')\n    return 1\n", 'assert candidate() == 1', 'passed'],
    ['an import of the test that is not there', 'def f():\n    return 1\n', 'pass\nimport scipy', 'sandbox_error'],
  ];
  test.each(answers)('answers %s', async (_, program, source, answer) => {
    const verdict = await pool.run({ program, test: check(source), entryPoint: 'f' });
    expect([answerOf(verdict), verdict.rung, verdict.detail]).toEqual([answer, 'pyodide', expect.any(String)]);
    if (answer === 'sandbox_error') expect(verdict.detail).toMatch(/does not load: ModuleNotFoundError.*scipy/);
    if (program.includes('print')) expect(verdict.output).toBe('x\\u001b[2J\n');
  });

  test('ends a program that fills memory with oom, by Python or by the kernel', async () => {
    const small = await SandboxPool.open({ rung: 'pyodide', limits: { memoryBytes: 256 << 20, timeoutMs: 30_000 } });
    const task = { test: check('candidate()'), entryPoint: 'f' };
    const verdict = await small.run({
      ...task,
      program: 'def f():\n    v = []\n    while True: v.append(bytes(10**7))\n',
    });
    await small.close();
    expect(verdict.status).toBe('oom');
  });

  test('leaves nothing behind, whatever the programs do', async () => {
    const programs = [
      'def f():\n    return 1\n',
      'import os\nos._exit(0)\n',
      "def f():\n    while True: print('x' * 100000)\n",
      "def f():\n    open('/tmp/x', 'w').write('x')\n",
    ];
    const round = async () => {
      const few = await SandboxPool.open({ rung: 'pyodide', workers: 2, limits: { timeoutMs: 20_000 } });
      const task = { test: check('assert candidate() == 1'), entryPoint: 'f' };
      const verdicts = await Promise.all(programs.map((program) => few.run({ ...task, program })));
      await few.close();
      return verdicts.map(({ status }) => status);
    };
    const before = countLeftovers();
    expect(await round()).toEqual(['passed', 'failed', 'failed', 'failed']);
    expect(countLeftovers()).toEqual(before);
  }, 120_000);

  test('dies with the process that started it, even when that is killed', async () => {
    const module = path.join(packageRoot, 'dist', 'runner', 'sandbox', 'pool.js');
    const script = `
      const { SandboxPool } = await import(${JSON.stringify(module)});
      const pool = await SandboxPool.open({ rung: 'pyodide', workers: 1, limits: { timeoutMs: 60_000 } });
      const loop = 'def f():\\n    print("running", flush=True)\\n    while True: pass';
      pool.run({ program: loop, test: 'def check(c):\\n    c()', entryPoint: 'f' });
      setTimeout(() => console.log('running'), 1500);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const started = treeOf(child.pid).slice(1);
    expect(started.length).toBeGreaterThanOrEqual(2);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    const alive = () => started.filter(isAlive);
    for (let wait = 0; wait < 100 && alive().length > 0; wait++) await new Promise((go) => setTimeout(go, 100));
    expect(alive()).toEqual([]);
  }, 60_000);

  test('has the next interpreters ready while tasks wait', async () => {
    const task = { program: 'def f():\n    return 1\n', test: check('assert candidate() == 1'), entryPoint: 'f' };
    const verdicts = await Promise.all(Array.from({ length: 6 }, () => pool.run(task)));
    expect(verdicts.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'passed'));
  });
});

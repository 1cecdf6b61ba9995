import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { isAlive } from '../../../process-life.js';
import { countLeftovers } from '../../../runner/sandbox/leftovers.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { childrenOf } from '../../../runner/sandbox/process-usage.js';
import { check } from './check.js';
import { describeInSandbox } from './present.js';

const daemon = `
import os, time
def f(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(1000)
        os._exit(0)
    return x`;

const programs = [
  'def f(x):\n    return x\n',
  'def f(x):\n    return None\n',
  'import os\nos._exit(0)\n',
  'def f(:\n',
  'import os\ndef f(x):\n    os.kill(os.getpid(), 11)\n',
  "def f(x):\n    open('/tmp/x', 'w').write('x')\n    while True: print('x' * 100000)\n",
  daemon,
];

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

describeInSandbox('many programs', () => {
  test('leave no process, file, mount or descriptor', async () => {
    const round = async (count: number) => {
      const pool = await SandboxPool.open({ workers: 4, repeatFailures: false });
      const tasks = Array.from({ length: count }, (_, index) => ({
        program: programs[index % programs.length] ?? '',
        test: check('assert candidate(1) == 1'),
        entryPoint: 'f',
        processes: index % 2 === 0,
      }));
      const verdicts = await Promise.all(tasks.map((task) => pool.run(task)));
      await pool.close();
      return verdicts;
    };
    await round(8);
    const before = countLeftovers();
    const verdicts = await round(84);
    expect(verdicts.filter(({ status }) => status === 'sandbox_error')).toEqual([]);
    expect(verdicts.filter(({ status }) => status === 'passed').length).toBeGreaterThanOrEqual(12);
    expect(countLeftovers()).toEqual(before);
  }, 120_000);

  test('stopped at every moment of their start leave nothing either', async () => {
    const before = countLeftovers();
    for (let timeoutMs = 0; timeoutMs < 40; timeoutMs += 2) {
      const pool = await SandboxPool.open({ workers: 2, limits: { timeoutMs }, repeatFailures: false });
      const task = { program: 'def f(x):\n    return x\n', test: check('assert candidate(1) == 1'), entryPoint: 'f' };
      await Promise.all([pool.run(task), pool.run(task)]);
      await pool.close();
    }
    expect(countLeftovers().processes).toBe(before.processes);
  }, 60_000);

  test('die with the process that started them, even when that is killed', async () => {
    const module = path.join(packageRoot, 'dist', 'runner', 'sandbox', 'pool.js');
    const script = `
      const { SandboxPool } = await import(${JSON.stringify(module)});
      const pool = await SandboxPool.open({ workers: 1 });
      pool.run({ program: 'def f():\\n    while True: pass', test: 'def check(c):\\n    c()', entryPoint: 'f' });
      setTimeout(() => console.log('running'), 700);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const started = descendantsOf(child.pid ?? 0);
    // Two interpreters, each below a first process and bubblewrap's outer one.
    expect(started.length).toBeGreaterThanOrEqual(6);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    const alive = () => started.filter(isAlive);
    for (let wait = 0; wait < 50 && alive().length > 0; wait++) await new Promise((go) => setTimeout(go, 100));
    expect(alive()).toEqual([]);
    // Groups of the dead are removed by the next pool.
    await (await SandboxPool.open()).close();
  }, 30_000);
});

/** A process of the sandbox on its way into its control group. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isAlive } from '../../../process-life.js';
import { ConfinedProcess, type ProcessEnd } from '../../../runner/sandbox/confined-process.js';
import type { ControlGroup } from '../../../runner/sandbox/control-group.js';
import { defaultLimits } from '../../../runner/sandbox/limits.js';
import type { Sandbox } from '../../../runner/sandbox/sandbox.js';
import { unprivilegedUser } from '../../../runner/sandbox/slot.js';
import { openSandbox } from '../../../runner/sandbox/status.js';
import { until } from '../../unwaited.js';
import { describerOf } from './present.js';

(await describerOf('bubblewrap'))('a confined process', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    ({ sandbox } = await openSandbox({ rung: 'bubblewrap' }));
  });
  afterAll(() => sandbox.close());

  /** A process that prints, and a group that takes it when the test says so. */
  function start() {
    const asked: number[] = [];
    const ends: ProcessEnd[] = [];
    let decide = (_: boolean) => {};
    const move = new Promise<boolean>((resolve) => {
      decide = resolve;
    });
    const add = (pid: number) => {
      asked.push(pid);
      return move;
    };
    const group = { add, oomKills: () => 0 } as unknown as ControlGroup;
    const program = 'print("begun", flush=True)\nimport time\ntime.sleep(60)';
    const place = { sandbox, limits: defaultLimits, uid: unprivilegedUser(), group };
    const confined = new ConfinedProcess({ ...place, program, onFrame: () => {}, onEnd: (end) => ends.push(end) });
    return { confined, ends, decide, asked: () => until(() => asked[0]) };
  }
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test('runs nothing before it is in its control group', async () => {
    const { confined, decide, asked } = start();
    try {
      await asked();
      await wait(500);
      expect(confined.output).toBe('');
      decide(true);
      await until(() => confined.output === 'begun\n' || undefined);
    } finally {
      await confined.kill();
    }
  });

  test('runs nothing where it cannot be put into one', async () => {
    const { confined, decide, ends, asked } = start();
    try {
      await asked();
      decide(false);
      await until(() => ends[0]);
      await wait(300);
      expect(ends).toEqual([{ why: 'spawn', code: 0, message: 'it cannot be put into its control group' }]);
      expect(confined.output).toBe('');
    } finally {
      await confined.kill();
    }
  });

  test('that is ended on the way is gone, and nothing of it is under way afterwards', async () => {
    const { confined, decide, asked, ends } = start();
    const pid = await asked();
    let isKilled = false;
    const killed = confined.kill().then(() => {
      isKilled = true;
    });
    await until(() => !isAlive(pid) || undefined);
    await wait(300);
    expect(isKilled).toBe(false);
    decide(false);
    await killed;
    expect([ends, confined.output]).toEqual([[], '']);
  });
});

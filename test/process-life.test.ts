import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { isAlive } from '../process-life.js';
import { startUnwaited, until } from './unwaited.js';

const linuxTest = existsSync('/proc/self/stat') ? test : test.skip;

linuxTest('a process that has ended is not alive, though its parent has not asked how', async () => {
  const { parent, pid, end } = await startUnwaited();
  try {
    expect(isAlive(parent)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid) || undefined);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  } finally {
    await end();
  }
  expect(isAlive(parent)).toBe(false);
});

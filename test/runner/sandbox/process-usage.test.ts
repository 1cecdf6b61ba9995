import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { childrenOf, isAlive } from '../../../runner/sandbox/process-usage.js';

const linuxTest = existsSync('/proc/self/stat') ? test : test.skip;

linuxTest('a process that has ended is not alive, though its parent has not asked how', async () => {
  // What a shell becomes does not wait for the shell's children.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & exec sleep 60'], { stdio: 'ignore' });
  const closed = new Promise((resolve) => parent.once('close', resolve));
  try {
    const pid = parent.pid as number;
    const child = await until(() => childrenOf(pid)[0]);
    expect(isAlive(pid)).toBe(true);
    await until(() => !isAlive(child) || undefined);
    expect(existsSync(`/proc/${child}`)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
    await closed;
  }
  expect(isAlive(parent.pid as number)).toBe(false);
});

async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

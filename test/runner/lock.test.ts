import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isAlive, startOf } from '../../process-life.js';
import { lockRun } from '../../runner/lock.js';
import { startUnwaited, until } from '../unwaited.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evalrun-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const owner = (parts: object) => JSON.stringify({ pid: process.pid, host: hostname(), start: null, ...parts });
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('lockRun', () => {
  test('refuses a second lock while the first is held, naming its process, and leaves nothing behind', async () => {
    const lock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toMatchObject({
      code: 'run/locked',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await lockRun(folder)).release();
  });

  test('takes over the lock of a process that died', async () => {
    writeFileSync(path.join(folder, 'lock'), owner({ pid: deadPid() }));
    const lock = await lockRun(folder);
    expect(readdirSync(folder)).toEqual(['lock']);
    await lock.release();
  });

  test('takes over the lock of a process that died and that nobody has asked how', async () => {
    if (!existsSync('/proc/self/stat')) return; // Other systems cannot tell, and stay on the safe side.
    const { pid, end } = await startUnwaited();
    try {
      writeFileSync(path.join(folder, 'lock'), owner({ pid, start: startOf(pid) }));
      await expect(lockRun(folder)).rejects.toMatchObject({ code: 'run/locked' });
      process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(pid) || undefined);
      await (await lockRun(folder)).release();
    } finally {
      await end();
    }
  });

  test('takes over a lock whose process id now belongs to another process', async () => {
    writeFileSync(path.join(folder, 'lock'), owner({ start: '1' }));
    if (!existsSync('/proc/self/stat')) return; // Other systems cannot tell, and stay on the safe side.
    await (await lockRun(folder)).release();
  });

  test('takes over after a process that died while taking over', async () => {
    for (const name of ['lock', 'lock.takeover']) writeFileSync(path.join(folder, name), owner({ pid: deadPid() }));
    await (await lockRun(folder)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a process on another machine', owner({ host: 'elsewhere' }), /process \d+ on elsewhere/],
    ['a file that evalrun did not write', 'hello', /did not write/],
    ['an empty file', '', /did not write/],
  ])('does not touch the lock of %s', async (_, text, message) => {
    writeFileSync(path.join(folder, 'lock'), text);
    await expect(lockRun(folder)).rejects.toThrow(message);
  });

  test('lets exactly one of many processes take over a dead lock', async () => {
    writeFileSync(path.join(folder, 'lock'), owner({ pid: deadPid() }));
    const module = new URL('../../runner/lock.js', import.meta.url).href;
    const script = `const { lockRun } = await import(${JSON.stringify(module)});
      process.send('ready'); await new Promise((go) => process.once('message', go));
      await lockRun(${JSON.stringify(folder)}).then(() => process.send('won'), (error) => process.send(error.code));
      await new Promise((end) => process.once('message', end)); process.exit();`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    const answers = () => Promise.all(children.map((child) => new Promise((done) => child.once('message', done))));
    await answers();
    const results = answers();
    for (const child of children) child.send('go');
    const outcomes = await results;
    for (const child of children) child.send('end');
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'run/locked')).toHaveLength(children.length - 1);
  });
});

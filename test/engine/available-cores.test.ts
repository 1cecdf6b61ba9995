import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coresWithin, cpuQuota } from '../../engine/available-cores.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-cores-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
function quotaOf(files: Readonly<Record<string, string>>): number | undefined {
  count += 1;
  const root = path.join(scratch, String(count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return cpuQuota(root);
}

const group = 'proc/self/cgroup';
const mounted = 'sys/fs/cgroup';

describe('the quota of processor time', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['no control groups', {}, undefined],
    ['no limit', { [group]: '0::/\n', [`${mounted}/cpu.max`]: 'max 100000\n' }, undefined],
    ['version 2', { [group]: '0::/\n', [`${mounted}/cpu.max`]: '250000 100000\n' }, 2.5],
    [
      'the least of a group and those above it',
      {
        [group]: '0::/user/app/worker\n',
        [`${mounted}/user/cpu.max`]: '400000 100000\n',
        [`${mounted}/user/app/cpu.max`]: '150000 50000\n',
        [`${mounted}/user/app/worker/cpu.max`]: 'max 100000\n',
        [`${mounted}/other/cpu.max`]: '100000 100000\n',
      },
      3,
    ],
    [
      "a container that sees the host's name of its group",
      { [group]: '0::/docker/abc\n', [`${mounted}/cpu.max`]: '200000 100000\n' },
      2,
    ],
    [
      'a group outside the namespace',
      { [group]: '0::/../../x\n', [`${mounted}/cpu.max`]: '200000 100000\n', 'sys/x/cpu.max': '100000 100000\n' },
      2,
    ],
    [
      'version 1',
      {
        [group]: '8:pids:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/\n',
        [`${mounted}/cpu/a/cpu.cfs_quota_us`]: '600000\n',
        [`${mounted}/cpu/a/cpu.cfs_period_us`]: '100000\n',
        [`${mounted}/cpu/cpu.cfs_quota_us`]: '-1\n',
        [`${mounted}/cpu/cpu.cfs_period_us`]: '100000\n',
      },
      6,
    ],
    [
      'version 1, and cpuset is not cpu',
      {
        [group]: '3:cpuset:/a\n',
        [`${mounted}/cpu/a/cpu.cfs_quota_us`]: '100000\n',
        [`${mounted}/cpu/a/cpu.cfs_period_us`]: '100000\n',
      },
      undefined,
    ],
    ['a file that says something else', { [group]: '0::/\n', [`${mounted}/cpu.max`]: 'lots\n' }, undefined],
    ['no period', { [group]: '0::/\n', [`${mounted}/cpu.max`]: '100000\n' }, undefined],
  ])('%s', (_, files, quota) => {
    expect(quotaOf(files)).toBe(quota);
  });
});

test.each([
  [8, undefined, 8],
  [8, 16, 8],
  [8, 2.5, 2],
  [8, 0.5, 1],
  [1, 4, 1],
])('%d cores allowed with a quota of %s are %d', (allowed, quota, cores) => {
  expect(coresWithin(allowed, quota)).toBe(cores);
});

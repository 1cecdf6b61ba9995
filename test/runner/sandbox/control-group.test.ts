import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ControlGroup, type KernelFiles } from '../../../runner/sandbox/control-group.js';

const limits = { memoryBytes: 1 << 28, tasks: 64 };

describe('a control group', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'evalrun-cgroup-test-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

  /** A kernel in a folder: what it says of this process, and the files that appear in a new group. */
  function kernel(cgroup: string, mounts: string[], files: Record<string, string>): KernelFiles {
    write('self/cgroup', cgroup);
    write('self/mountinfo', mounts.map((mount) => mount.replaceAll('ROOT', root)).join('\n'));
    const makeFolder = (folder: string) => {
      mkdirSync(folder);
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    };
    return { self: path.join(root, 'self'), makeFolder };
  }

  const v2 = {
    'cgroup.procs': '',
    'memory.max': 'max\n',
    'memory.swap.max': 'max\n',
    'memory.oom.group': '0\n',
    'memory.events': 'low 0\noom 1\noom_kill 3\n',
    'pids.max': 'max\n',
  };
  const unified = ['31 24 0:27 / ROOT/cg rw,nosuid - cgroup2 cgroup2 rw'];

  test('of version 2 bounds memory without swap, ends all of it together, and counts what the kernel ended', async () => {
    write('cg/user/evalrun/cgroup.procs', '');
    write('cg/user/evalrun/cgroup.subtree_control', 'cpu memory pids\n');
    const group = new ControlGroup('g', limits, kernel('0::/user/evalrun\n', unified, v2));
    const file = (name: string) => read(`cg/user/evalrun/g/${name}`);
    expect(['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max'].map(file)).toEqual([
      '268435456',
      '0',
      '1',
      '64',
    ]);
    expect(group.limited).toEqual({ memory: true, pids: true });
    expect(group.oomKills()).toBe(3);
    expect(await group.add(1234)).toBe(true);
    expect(file('cgroup.procs')).toBe('1234');
  });

  test('of version 2 is none where the group of this process hands no controller on', async () => {
    write('cg/user/evalrun/cgroup.procs', '');
    write('cg/user/evalrun/cgroup.subtree_control', 'cpu\n');
    const group = new ControlGroup('g', limits, kernel('0::/user/evalrun\n', unified, v2));
    expect(existsSync(path.join(root, 'cg/user/evalrun/g'))).toBe(false);
    expect(group.limited).toEqual({ memory: false, pids: false });
    expect([group.oomKills(), await group.add(1), group.remove()]).toEqual([0, true, true]);
  });

  test('of version 2 in a container is found at the root of the mount', () => {
    write('cg/cgroup.procs', '');
    write('cg/cgroup.subtree_control', 'memory\n');
    const mounts = ['31 24 0:27 /docker/abc ROOT/cg rw - cgroup2 cgroup2 rw'];
    const group = new ControlGroup('g', limits, kernel('0::/docker/abc\n', mounts, v2));
    expect(group.limited).toEqual({ memory: true, pids: false });
    expect(read('cg/g/memory.max')).toBe('268435456');
  });

  test('of version 1 has a folder for each controller', () => {
    const mounts = [
      '40 24 0:30 / ROOT/memory rw - cgroup cgroup rw,memory',
      '41 24 0:31 / ROOT/pids rw - cgroup cgroup rw,pids',
    ];
    write('memory/a/cgroup.procs', '');
    write('pids/b/cgroup.procs', '');
    const files = {
      'cgroup.procs': '',
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
      'pids.max': 'max\n',
    };
    const group = new ControlGroup('g', limits, kernel('5:memory:/a\n4:pids:/b\n0::/\n', mounts, files));
    expect([read('memory/a/g/memory.limit_in_bytes'), read('pids/b/g/pids.max')]).toEqual(['268435456', '64']);
    expect(group.limited).toEqual({ memory: true, pids: true });
    expect(group.oomKills()).toBe(2);
  });

  test('is none where the kernel refuses to make it', () => {
    write('cg/cgroup.procs', '');
    write('cg/cgroup.subtree_control', 'memory pids\n');
    const refuse = () => {
      throw new Error('EACCES');
    };
    const files = { ...kernel('0::/\n', unified, v2), makeFolder: refuse };
    expect(new ControlGroup('g', limits, files).limited).toEqual({ memory: false, pids: false });
  });
});

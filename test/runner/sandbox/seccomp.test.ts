import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { seccompFilter } from '../../../runner/sandbox/seccomp.js';
import { judgedCalls, type Machine, namedCalls } from '../../../runner/sandbox/syscalls.js';

const arches = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 };

/** What the kernel would do: runs the filter's bytes on one system call, as seccomp(2) describes. */
function answer(filter: Buffer, arch: number, call: number, args: readonly number[] = []): string {
  const word = (offset: number): number => {
    if (offset === 0) return call;
    if (offset === 4) return arch;
    const index = (offset - 16) / 8;
    if (!Number.isInteger(index)) throw new Error(`a load at ${offset}`);
    return (args[index] ?? 0) >>> 0;
  };
  let accumulator = 0;
  for (let at = 0; at * 8 < filter.length; at++) {
    const code = filter.readUInt16LE(at * 8);
    const [jt, jf, k] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3), filter.readUInt32LE(at * 8 + 4)];
    if (code === 0x20) accumulator = word(k);
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jt : jf;
    else if (code === 0x06) return k === 0x7fff0000 ? 'allow' : k === 0x80000000 ? 'kill' : `errno ${k & 0xffff}`;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error('the filter ended without an answer');
}

/** Numbers by name as the C library's headers have them; some go by a second name that is defined before. */
function numbersIn(header: string): Map<string, number> {
  const text = readFileSync(header, 'utf8');
  const found = new Map<string, number>();
  for (const [, name = '', number] of text.matchAll(/#define __NR(?:3264)?_(\w+)\s+(\d+)/g))
    found.set(name, Number(number));
  for (const [, name = '', other = ''] of text.matchAll(/#define __NR_(\w+) __NR3264_(\w+)/g)) {
    const number = found.get(other);
    if (number !== undefined) found.set(name, number);
  }
  return found;
}

const headers: [machine: Machine, files: string[]][] = [
  ['x64', ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h']],
  ['arm64', ['/usr/include/asm-generic/unistd.h']],
];

describe('the numbers of the system calls', () => {
  for (const [machine, files] of headers) {
    const header = files.find((file) => existsSync(file));
    const when = header === undefined ? test.skip : test;
    const why = header === undefined ? ' (skipped: no headers here)' : '';
    when(`are those of the kernel's headers on ${machine}${why}`, () => {
      const numbers = numbersIn(header ?? '');
      const judged = Object.entries(judgedCalls).map(([name, call]) => [name, call[machine]] as const);
      const all = [...namedCalls(machine), ...judged];
      expect(all.length).toBeGreaterThan(150);
      expect(all.filter(([name, number]) => (numbers.get(name) ?? null) !== number)).toEqual([]);
    });
  }
});

const threadFlags = 0x3d0f00;

describe('the system-call filter', () => {
  const cases: [name: string, machine: Machine, call: number, args: number[], closed: string, processes?: string][] = [
    ['read', 'x64', 0, [], 'allow'],
    ['read on arm64', 'arm64', 63, [], 'allow'],
    ['x64 read is io_setup on arm64', 'arm64', 0, [], 'errno 1'],
    ['execve', 'x64', 59, [], 'allow'],
    ['socket', 'x64', 41, [], 'errno 1'],
    ['connect', 'x64', 42, [], 'errno 1'],
    ['ptrace', 'x64', 101, [], 'errno 1'],
    ['process_vm_readv', 'x64', 310, [], 'errno 1'],
    ['mount', 'x64', 165, [], 'errno 1'],
    ['unshare', 'x64', 272, [], 'errno 1'],
    ['setns', 'x64', 308, [], 'errno 1'],
    ['bpf', 'x64', 321, [], 'errno 1'],
    ['io_uring_setup', 'x64', 425, [], 'errno 1'],
    ['userfaultfd', 'x64', 323, [], 'errno 1'],
    ['keyctl', 'x64', 250, [], 'errno 1'],
    ['memfd_create', 'x64', 319, [], 'errno 1'],
    ['a call of tomorrow', 'x64', 999, [], 'errno 1'],
    ['fork', 'x64', 57, [], 'errno 11', 'allow'],
    ['vfork', 'x64', 58, [], 'errno 11', 'allow'],
    ['clone of a thread', 'x64', 56, [threadFlags], 'allow', 'allow'],
    ['clone of a process', 'x64', 56, [17], 'errno 11', 'allow'],
    ['clone of a process on arm64', 'arm64', 220, [17], 'errno 11', 'allow'],
    ['clone with a user namespace', 'x64', 56, [0x10000000 | 17], 'errno 1', 'errno 1'],
    ['clone of a thread with a time namespace', 'x64', 56, [threadFlags | 0x80], 'errno 1', 'errno 1'],
    ['clone3, whose flags cannot be read', 'x64', 435, [], 'errno 38', 'errno 38'],
    ['prctl that names a thread', 'x64', 157, [15], 'allow'],
    ['prctl that makes a subreaper', 'x64', 157, [36], 'errno 1'],
    ['ioctl that asks for a window size', 'x64', 16, [1, 0x5413], 'allow'],
    ['ioctl that types into a terminal', 'x64', 16, [0, 0x5412], 'errno 25'],
  ];
  test.each(cases)('answers %s', (_, machine, call, args, closed, processes = closed) => {
    expect(answer(seccompFilter({ processes: false, machine }), arches[machine], call, args)).toBe(closed);
    expect(answer(seccompFilter({ processes: true, machine }), arches[machine], call, args)).toBe(processes);
  });

  test('ends a process that calls through another architecture', () => {
    const filter = seccompFilter({ processes: true, machine: 'x64' });
    expect(answer(filter, arches.i386, 3)).toBe('kill');
    expect(answer(filter, arches.arm64, 63)).toBe('kill');
    // x32: the same calls under other numbers.
    expect(answer(filter, arches.x64, 0x40000000)).toBe('kill');
    expect(answer(filter, arches.x64, 0x40000000 + 41)).toBe('kill');
  });

  test('is no longer than the kernel takes', () => {
    expect(seccompFilter({ processes: true, machine: 'x64' }).length / 8).toBeLessThan(4096);
  });
});

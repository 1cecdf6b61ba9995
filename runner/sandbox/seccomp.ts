/** The filter that the kernel runs on every system call of the sandbox, as the bytes that bubblewrap loads (seccomp(2), BPF). */
import { EvalrunError } from '../../errors.js';
import { allowedCalls, judgedCalls, type Machine } from './syscalls.js';

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h. */
const auditArch: Readonly<Record<Machine, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** Set in the numbers of the x32 calls, a second way into the kernel under the same architecture. */
const x32Bit = 0x4000_0000;

/** SECCOMP_RET_* of linux/seccomp.h. */
const allow = 0x7fff0000;
const killProcess = 0x80000000;
const errno = (number: number): number => 0x00050000 | number;
const EPERM = 1;
const EAGAIN = 11;
const ENOTTY = 25;
const ENOSYS = 38;

/** Offsets in struct seccomp_data; the low half of an argument comes first on little-endian machines. */
const nrAt = 0;
const archAt = 4;
const argumentAt = (index: number): number => 16 + 8 * index;

const cloneThread = 0x0001_0000;
/** Every CLONE_NEW*: time, mount, cgroup, uts, ipc, user, pid, net. */
const cloneNamespaces = 0x7e02_0080;

/** PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SET_VMA. */
const harmlessPrctl = [3, 15, 16, 21, 23, 39, 0x5356_4d41];
/** TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; not TIOCSTI, which types into a terminal. */
const harmlessIoctl = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];

interface Instruction {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  readonly k: number;
}

const load = (offset: number): Instruction => ({ code: 0x20, k: offset });
const returns = (value: number): Instruction => ({ code: 0x06, k: value });
/** Skips `jt` instructions when the loaded word equals `k`, otherwise `jf`. */
const ifEqual = (k: number, jt: number, jf: number): Instruction => ({ code: 0x15, jt, jf, k });
const ifAtLeast = (k: number, jt: number, jf: number): Instruction => ({ code: 0x35, jt, jf, k });
const ifAnyBit = (k: number, jt: number, jf: number): Instruction => ({ code: 0x45, jt, jf, k });

export interface FilterOptions {
  /** Whether the code may start processes. Threads are always allowed, namespaces never. */
  readonly processes: boolean;
  /** Of the machine that the filter is for; this one when absent. */
  readonly machine?: Machine;
}

/**
 * An allow-list: other calls fail with EPERM, calls of another architecture end the process. clone3 fails with ENOSYS,
 * because its flags lie in memory that a filter cannot read; the C library then uses clone.
 * Throws `run/sandbox-machine` on processors whose call numbers are not known here.
 */
export function seccompFilter({ processes, machine = thisMachine() }: FilterOptions): Buffer {
  const number = (call: keyof typeof judgedCalls): number | null => judgedCalls[call][machine];
  const rules: Instruction[][] = [
    [load(archAt), ifEqual(auditArch[machine], 1, 0), returns(killProcess)],
    [load(nrAt)],
    machine === 'x64' ? [ifAtLeast(x32Bit, 0, 1), returns(killProcess)] : [],
    ...allowedCalls(machine).map((call) => [ifEqual(call, 0, 1), returns(allow)]),
    answerCall(number('clone3'), [returns(errno(ENOSYS))]),
    answerCall(number('fork'), [returns(processes ? allow : errno(EAGAIN))]),
    answerCall(number('vfork'), [returns(processes ? allow : errno(EAGAIN))]),
    answerCall(number('clone'), [
      load(argumentAt(0)),
      ifAnyBit(cloneNamespaces, 0, 1),
      returns(errno(EPERM)),
      ...(processes ? [] : [ifAnyBit(cloneThread, 1, 0), returns(errno(EAGAIN))]),
      returns(allow),
    ]),
    answerCall(number('prctl'), allowFirst(0, harmlessPrctl, EPERM)),
    answerCall(number('ioctl'), allowFirst(1, harmlessIoctl, ENOTTY)),
    [returns(errno(EPERM))],
  ];
  return assemble(rules.flat());
}

/** Runs `body`, which must return on every path, for one call only. */
function answerCall(call: number | null, body: readonly Instruction[]): Instruction[] {
  return call === null ? [] : [ifEqual(call, 0, body.length), ...body];
}

function allowFirst(argument: number, values: readonly number[], otherwise: number): Instruction[] {
  return [
    load(argumentAt(argument)),
    ...values.flatMap((value) => [ifEqual(value, 0, 1), returns(allow)]),
    returns(errno(otherwise)),
  ];
}

/** struct sock_filter: code u16, jump-true u8, jump-false u8, constant u32, little endian. */
function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt = 0, jf = 0, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}

function thisMachine(): Machine {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new EvalrunError('run/sandbox-machine', {
    what: 'The sandbox has no system-call filter for this processor',
    expected: 'x64 or arm64',
    found: process.arch,
    todo: 'run the code suites on such a machine',
  });
}

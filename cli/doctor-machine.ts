/** What the machine is: processor, memory, disks, as far as a run depends on them. */
import { existsSync, readFileSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { defaultDataDir } from '../datasets/data-directory.js';
import { cpuQuota } from '../engine/available-cores.js';
import { packageRoot, version } from '../package-root.js';
import type { Finding } from './doctor.js';
import { renderBytes } from './quantity.js';

/** Instruction sets that kernels are written for, by their names in /proc/cpuinfo. */
const usefulFlags = [
  'avx2',
  'fma',
  'avx512f',
  'avx512bw',
  'avx512vl',
  'avx512_vbmi',
  'avx512_bf16',
  'amx_bf16',
  'asimd',
];

const oldestNode = 20;

export function inspectVersions(): Finding[] {
  const major = Number(process.versions.node.split('.')[0]);
  return [
    { name: 'evalrun', state: 'ok', found: `${version} in ${packageRoot}` },
    {
      name: 'Node.js',
      state: major >= oldestNode ? 'ok' : 'problem',
      found: `${process.version} on ${process.platform} ${process.arch}`,
      ...(major < oldestNode && { todo: `install Node.js ${oldestNode} or newer` }),
    },
  ];
}

export function inspectProcessor(): Finding[] {
  const cores = os.availableParallelism();
  const all = os.cpus().length;
  const flags = processorFlags().filter((flag) => usefulFlags.includes(flag));
  const quota = cpuQuota();
  const limits = [
    ...(cores < all ? [`${cores} of ${all} cores may be used`] : [`${all} cores`]),
    ...(quota === undefined ? [] : [`limited to the time of ${quota.toFixed(1)} cores`]),
  ];
  return [
    { name: 'processor', state: 'ok', found: `${os.cpus()[0]?.model.trim() || 'unknown'}, ${limits.join(', ')}` },
    { name: 'instruction sets', state: 'ok', found: flags.length === 0 ? 'none that kernels use' : flags.join(', ') },
  ];
}

function processorFlags(): string[] {
  const text = readText('/proc/cpuinfo');
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1];
  // macOS has no such file. NEON, which Linux calls asimd, is part of every 64-bit Arm CPU.
  return flags?.split(' ') ?? (process.arch === 'arm64' ? ['asimd'] : []);
}

export function inspectMemory(): Finding[] {
  const kib = Number(/^MemAvailable:\s+(\d+) kB/m.exec(readText('/proc/meminfo'))?.[1]);
  const available = Number.isNaN(kib) ? os.freemem() : kib * 1024;
  const total = os.totalmem();
  // 0 or a number beyond the machine's memory: no limit.
  const limit = process.constrainedMemory();
  const limited = limit > 0 && limit < total ? `, limited to ${renderBytes(limit)} by a control group` : '';
  return [{ name: 'memory', state: 'ok', found: `${renderBytes(available)} free of ${renderBytes(total)}${limited}` }];
}

/** Space below which a run folder of a large suite may not fit. */
const littleSpace = 256 * 1024 ** 2;

export async function inspectDisks(): Promise<Finding[]> {
  const cache = path.dirname(defaultDataDir());
  return [await inspectDisk('cache folder', cache), await inspectDisk('runs folder', path.resolve('runs'))];
}

async function inspectDisk(name: string, folder: string): Promise<Finding> {
  const there = nearestExisting(folder);
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  const found = `${folder}${there === folder ? '' : ' (not made yet)'}, ${renderBytes(free)} free`;
  const isWritable = await access(there, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) {
    return {
      name,
      state: 'note',
      found: `${found}, not writable`,
      todo: `make ${there} writable, or choose another folder`,
    };
  }
  if (free < littleSpace) return { name, state: 'note', found, todo: 'free some space' };
  return { name, state: 'ok', found };
}

function nearestExisting(folder: string): string {
  let there = folder;
  while (!existsSync(there)) there = path.dirname(there);
  return there;
}

/** Text of a file of the operating system; empty where this system has no such file. */
function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

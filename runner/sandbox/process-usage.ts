/** Processor time and memory of a process and its descendants, read from outside, where they cannot lie about it. */
import { readFileSync } from 'node:fs';
import { statOf } from '../../process-life.js';

export interface ProcessUsage {
  readonly cpuMs: number;
  readonly maxRssBytes: number;
}

/** Milliseconds of a clock tick in /proc/PID/stat: USER_HZ is 100 on every Linux. */
const tickMs = 10;

/** Sum of processor time, largest peak of resident memory; undefined when the process has ended. */
export function treeUsage(pid: number): ProcessUsage | undefined {
  const fields = statOf(pid);
  if (fields === undefined) return undefined;
  // proc(5): utime, stime, cutime, cstime are fields 14 to 17.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const peakKib = Number(/^VmHWM:\s+(\d+) kB/m.exec(readProc(`${pid}/status`) ?? '')?.[1] ?? 0);
  const usage = { cpuMs: ticks * tickMs, maxRssBytes: peakKib * 1024 };
  for (const child of childrenOf(pid)) {
    const below = treeUsage(child);
    if (below === undefined) continue;
    usage.cpuMs += below.cpuMs;
    usage.maxRssBytes = Math.max(usage.maxRssBytes, below.maxRssBytes);
  }
  return usage;
}

export function childrenOf(pid: number): number[] {
  const text = readProc(`${pid}/task/${pid}/children`)?.trim() ?? '';
  return text === '' ? [] : text.split(' ').map(Number);
}

/** A process and all below it, at this moment. */
export function treeOf(pid: number | undefined): number[] {
  return pid === undefined ? [] : [pid, ...childrenOf(pid).flatMap(treeOf)];
}

export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Undefined when the process is gone, which can happen at any moment. */
function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** How many cores this process may keep busy: those of its affinity mask, within its control groups' quota of processor time. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Threads that can all run at the same time, at least 1. Under a quota of 2.5 cores it is 2: the threads of a step wait for each other,
 * so that one too many stops all of them when the quota is used up.
 */
export function availableCores(): number {
  return coresWithin(os.availableParallelism(), cpuQuota());
}

export function coresWithin(allowed: number, quota: number | undefined): number {
  return Math.max(1, Math.min(allowed, Math.floor(quota ?? allowed)));
}

/**
 * Cores' worth of processor time that the control groups of this process allow, the least of its group's and those above it; undefined
 * where none limits it. Version 2 (cpu.max: "QUOTA PERIOD") and version 1 (cpu.cfs_quota_us, cpu.cfs_period_us).
 *
 * @param root folder that holds proc/ and sys/, for tests
 */
export function cpuQuota(root = '/'): number | undefined {
  const quotas = readText(path.join(root, 'proc/self/cgroup'))
    .split('\n')
    .flatMap((line) => quotasOf(line, root));
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** `line` is "ID:CONTROLLERS:GROUP", without controllers in version 2. */
function quotasOf(line: string, root: string): number[] {
  const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
  if (controllers === undefined || group === undefined) return [];
  const mounted = path.join(root, 'sys/fs/cgroup');
  if (controllers === '') return groupsUp(mounted, group).flatMap((folder) => ratio(...numbers(folder, 'cpu.max')));
  if (!controllers.split(',').includes('cpu')) return [];
  return groupsUp(path.join(mounted, 'cpu'), group).flatMap((folder) =>
    ratio(...numbers(folder, 'cpu.cfs_quota_us'), ...numbers(folder, 'cpu.cfs_period_us')),
  );
}

/** The folders of a group and of those above it. Inside a container its own name may be one of the host's: the mount itself is it then. */
function groupsUp(mounted: string, group: string): string[] {
  const names = group.split('/').filter((name) => name !== '');
  if (names.includes('..')) return [mounted];
  return [...names.keys()].map((depth) => path.join(mounted, ...names.slice(0, depth + 1))).concat(mounted);
}

function numbers(folder: string, name: string): number[] {
  return readText(path.join(folder, name)).trim().split(/\s+/).map(Number);
}

/** "max" and -1 are no limit; a file that is not there gives no number. */
function ratio(quota?: number, period?: number): number[] {
  return quota !== undefined && quota > 0 && period !== undefined && period > 0 ? [quota / period] : [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not Linux, or no such control group: no limit
  }
}

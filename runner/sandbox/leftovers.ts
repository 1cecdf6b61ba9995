/** What running programs could leave behind on this machine, counted. */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

export interface Leftovers {
  /** Processes below this one, at any depth, dead ones that nobody has waited for included. */
  readonly processes: number;
  readonly descriptors: number;
  readonly mounts: number;
  /** This process's files and folders of the sandbox in the folder for temporary files. */
  readonly files: number;
}

export function countLeftovers(): Leftovers {
  const ours = new RegExp(`^evalrun-(?:task|filter|file)-${process.pid}-`);
  return {
    processes: descendants().length,
    descriptors: readdirSync('/proc/self/fd').length,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').length,
    files: readdirSync(os.tmpdir()).filter((name) => ours.test(name)).length,
  };
}

function descendants(): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : undefined;
    if (stat !== undefined) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === process.pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** Processes come and go while they are listed. */
function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
}

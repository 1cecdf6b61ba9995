/** What running programs could leave behind on this machine, counted. */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { parentOf } from './process-usage.js';

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
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === process.pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

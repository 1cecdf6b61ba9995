/** Whether a process of this machine still runs, told from a later one with the same id. */
import { readFileSync } from 'node:fs';

/** One that has ended stays listed until its parent has asked how: it is not alive, and all that it held is free. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const [state] = statOf(pid) ?? [];
  return state !== 'Z' && state !== 'X';
}

/** When the process started, in the kernel's own words; null where there is no /proc or no such process. */
export function startOf(pid: number): string | null {
  return statOf(pid)?.[19] ?? null;
}

/**
 * Fields of /proc/PID/stat from the third on (proc(5)): the second is the only one that may hold spaces or parentheses. Undefined where
 * there is no /proc or no such process.
 */
export function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

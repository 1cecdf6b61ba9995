/** Whether a process of this machine still runs, told from a later one with the same id. */
import { readFile } from 'node:fs/promises';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process started, in the kernel's own words; null where there is no /proc or no such process. */
export async function startOf(pid: number): Promise<string | null> {
  // Field 22 of /proc/PID/stat (proc(5)); the second field is the only one that may hold spaces or parentheses.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** A process whose parent does not ask how it ended. */
import { spawn } from 'node:child_process';
import { childrenOf } from '../runner/sandbox/process-usage.js';

export interface Unwaited {
  /** Of the parent, which lives until `end`. */
  readonly parent: number;
  /** To be ended. */
  readonly pid: number;
  end(): Promise<void>;
}

export async function startUnwaited(): Promise<Unwaited> {
  // What a shell becomes does not wait for the shell's children.
  const parent = spawn('/bin/sh', ['-c', 'sleep 60 & exec sleep 60'], { stdio: 'ignore' });
  const closed = new Promise((resolve) => parent.once('close', resolve));
  const pid = await until(() => childrenOf(parent.pid as number)[0]);
  const end = async () => {
    parent.kill('SIGKILL');
    await closed;
  };
  return { parent: parent.pid as number, pid, end };
}

/** What `find` finds in the end. */
export async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

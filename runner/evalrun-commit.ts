/** Which commit of evalrun is running, where evalrun is a checkout and not an installed package. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../package-root.js';

let commit: Promise<string | null> | undefined;

/**
 * The full hash, `-dirty` behind it when files differ from it; null for an installed package or without git. Asked once
 * per process: the code that runs does not change under it.
 */
export function evalrunCommit(): Promise<string | null> {
  commit ??= readCommit();
  return commit;
}

async function readCommit(): Promise<string | null> {
  if (!existsSync(path.join(packageRoot, '.git'))) return null;
  const arguments_ = ['-C', packageRoot, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  try {
    const { stdout } = await promisify(execFile)('git', arguments_, { timeout: 10_000 });
    return stdout.trim();
  } catch {
    // No git, or no commit yet: then the version is all that is known, and run.json says null.
    return null;
  }
}

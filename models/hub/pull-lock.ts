/** One pull of a model at a time on this machine: others wait, and the lock of a dead process does not hold them up. */
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, startOf } from '../../process-life.js';
import { cacheError } from './hub-error.js';
import { cacheFolderName } from './model-name.js';

export interface PullLockOptions {
  readonly signal?: AbortSignal;
  /** Told once who holds the lock, before waiting for it. */
  readonly onWait?: (holder: string) => void;
  /** Default 500. */
  readonly pollMs?: number;
}

const BEAT_MS = 10_000;
/** A holder on another machine, or one whose start is unknown, is dead when its heart has not beaten for so long. */
const DEAD_AFTER_MS = 60_000;

/** Takes the lock and returns how to give it back. */
export async function lockPull(cache: string, repository: string, options: PullLockOptions = {}) {
  const { signal, onWait, pollMs = 500 } = options;
  // Where Hugging Face's tools have theirs; those are tied to open files, which Node cannot do.
  const file = path.join(cache, '.locks', cacheFolderName(repository), 'evalrun.lock');
  await mkdir(path.dirname(file), { recursive: true }).catch((cause) => {
    throw cacheError(file, cause);
  });
  const own = `${process.pid} ${startOf(process.pid) ?? '?'} ${hostname()} ${Math.random().toString(36).slice(2)}`;
  for (let told = false; !(await create(file, own)); ) {
    const holder = await readFile(file, 'utf8').catch(() => '');
    if (holder !== '' && (await isDead(file, holder))) {
      await removeStale(file, holder);
      continue;
    }
    if (!told) onWait?.(holder === '' ? 'another process' : `process ${holder.split(' ')[0]}`);
    told = true;
    await pause(pollMs, undefined, signal === undefined ? {} : { signal });
  }
  const heart = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), BEAT_MS);
  heart.unref();
  return async () => {
    clearInterval(heart);
    if ((await readFile(file, 'utf8').catch(() => '')) === own) await rm(file, { force: true });
  };
}

/** Creates `file` with its whole content or not at all; false when it exists. */
async function create(file: string, content: string): Promise<boolean> {
  const temporary = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await writeFile(temporary, content);
    await link(temporary, file);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cacheError(file, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Renaming is for one process only: who gets another's lock that way puts it back. */
async function removeStale(file: string, holder: string): Promise<void> {
  const aside = `${file}.stale-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== holder) await link(aside, file);
  } catch (cause) {
    if (!['ENOENT', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cacheError(file, cause);
  } finally {
    await rm(aside, { force: true });
  }
}

async function isDead(file: string, holder: string): Promise<boolean> {
  const [pid = '', start = '', host = ''] = holder.split(' ');
  if (host === hostname()) {
    if (!isAlive(Number(pid))) return true;
    const now = startOf(Number(pid));
    if (now !== null) return now !== start;
  }
  const beat = await stat(file).catch(() => undefined);
  return beat !== undefined && Date.now() - beat.mtimeMs > DEAD_AFTER_MS;
}

/** The lock of a run folder: one process writes at a time, and the lock of a dead one does not stand in the way. */
import { constants } from 'node:fs';
import { copyFile, link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { isAlive, startOf } from '../process-life.js';
import { writeError } from './disk.js';
import { readForeign } from './foreign-file.js';

const ownerSchema = z.object({ pid: z.int().positive(), host: z.string(), start: z.string().nullable() });
type Owner = z.infer<typeof ownerSchema>;
const maxLockBytes = 4096;

export interface RunLock {
  /** Gives the folder free again. */
  release(): Promise<void>;
}

/**
 * Takes the lock of a run folder. A lock whose process is dead (or whose process id now belongs to another process) is
 * taken over. Throws `run/locked` when a living process, or one on another machine, holds it.
 */
export async function lockRun(folder: string): Promise<RunLock> {
  const file = path.join(folder, 'lock');
  if (!(await create(file))) await takeOver(folder, file);
  return { release: () => rm(file, { force: true }) };
}

/** Only one process at a time may judge and replace a stale lock; a second lock stands guard for that moment. */
async function takeOver(folder: string, file: string): Promise<void> {
  const guard = `${file}.takeover`;
  if (!(await create(guard))) {
    await refuseIfAlive(folder, guard);
    await rm(guard, { force: true });
    if (!(await create(guard))) throw locked(folder, 'another process that is taking it over');
  }
  try {
    await refuseIfAlive(folder, file);
    await rm(file, { force: true });
    if (!(await create(file))) throw locked(folder, 'another process that has just taken it over');
  } finally {
    await rm(guard, { force: true });
  }
}

/** Creates `file` with its whole content or not at all; false when it exists. */
async function create(file: string): Promise<boolean> {
  const own = `${file}.${process.pid}`;
  const owner: Owner = { pid: process.pid, host: hostname(), start: startOf(process.pid) };
  try {
    await writeFile(own, JSON.stringify(owner));
    await link(own, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      // Some network and FAT file systems have no hard links.
      return copyFile(own, file, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeError(file, error);
  } finally {
    await rm(own, { force: true });
  }
}

/** Whether a run is being written, as far as can be told from here; changes nothing, and no lock file makes it wait or throw. */
export async function isLocked(folder: string): Promise<boolean> {
  const text = await readForeign(path.join(folder, 'lock'), maxLockBytes);
  const owner = text === undefined ? undefined : parseOwner(text);
  return owner !== undefined && holderOf(owner) !== undefined;
}

async function refuseIfAlive(folder: string, file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = parseOwner(text);
  if (owner === undefined) throw locked(folder, 'a lock file that evalrun did not write');
  const holder = holderOf(owner);
  if (holder !== undefined) throw locked(folder, holder);
}

/** The owner in words, unless it is known to be dead. */
function holderOf({ pid, host, start }: Owner): string | undefined {
  if (host !== hostname()) return `process ${pid} on ${host}`;
  return isAlive(pid) && startOf(pid) === start ? `process ${pid}` : undefined;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function locked(folder: string, holder: string): EvalrunError {
  return new EvalrunError('run/locked', {
    what: `${folder} is in use`,
    expected: 'a run folder that nobody else writes to',
    found: holder,
    todo: `wait for it to end, or, if it cannot be running any more, delete ${path.join(folder, 'lock')}`,
  });
}

/** Makes a folder whole or not at all: filled under another name beside its place, then renamed. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { EvalrunError } from '../../errors.js';

const UNFINISHED = '.unfinished-';

export interface WholeFolderOptions {
  /** A folder that `target` must not be, and must not be inside of. */
  readonly apartFrom: string;
  readonly onNotice: (line: string) => void;
}

/**
 * Runs `fill` on a new empty folder and puts that folder at `target`. When `fill` throws, nothing stays on the disk.
 *
 * @throws EvalrunError usage/output when `target` is there and not empty, run/unwritable when the disk refuses
 */
export async function writeWholeFolder<T>(
  target: string,
  { apartFrom, onNotice }: WholeFolderOptions,
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  const place = realPlace(target);
  requireApart(target, place, apartFrom);
  requireFree(target, place);
  const scratch = `${place}${UNFINISHED}${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(path.dirname(place), { recursive: true });
    mkdirSync(scratch);
  } catch (error) {
    throw asSaid(error, target);
  }
  for (const left of leftOvers(place, scratch))
    onNotice(`${left} is left from a conversion that was killed; it may be deleted`);
  try {
    const result = await fill(scratch);
    for (const name of readdirSync(scratch)) sync(path.join(scratch, name));
    renameSync(scratch, place);
    return result;
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw asSaid(error, target);
  }
}

/** Where `target` is or will be, links followed. */
function realPlace(target: string): string {
  const resolved = path.resolve(target);
  if (existsSync(resolved)) return realpathSync(resolved);
  const parent = path.dirname(resolved);
  return parent === resolved ? resolved : path.join(realPlace(parent), path.basename(resolved));
}

function requireFree(target: string, place: string): void {
  if (!existsSync(place)) return;
  const isFolder = statSync(place).isDirectory();
  if (isFolder && readdirSync(place).length === 0) return;
  throw new EvalrunError('usage/output', {
    what: `${target} is there already`,
    expected: 'a new or empty folder',
    found: isFolder ? 'a folder with files in it' : 'a file',
    todo: 'name another folder',
  });
}

function requireApart(target: string, place: string, apartFrom: string): void {
  const source = realpathSync(apartFrom);
  if (!`${place}${path.sep}`.startsWith(`${source}${path.sep}`)) return;
  throw new EvalrunError('usage/output', {
    what: `${target} is ${place === source ? 'the same folder as' : 'inside'} ${apartFrom}`,
    expected: 'a folder of its own for the result',
    todo: 'name another folder',
  });
}

function leftOvers(place: string, scratch: string): string[] {
  const [parent, prefix] = [path.dirname(place), `${path.basename(place)}${UNFINISHED}`];
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(parent, name))
    .filter((folder) => folder !== scratch);
}

/** Bytes before names: after a power failure the folder must not hold empty files. */
function sync(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function asSaid(error: unknown, target: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof EvalrunError || syscall === undefined) return error;
  if (syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST')) {
    return new EvalrunError('usage/output', {
      what: `${target} was made by somebody else meanwhile`,
      expected: 'a new or empty folder',
      cause: error,
    });
  }
  return new EvalrunError('run/unwritable', {
    what: `${target} cannot be written`,
    found: (error as Error).message,
    todo: 'choose another place, or free space on that disk',
    cause: error,
  });
}

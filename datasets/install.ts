/** Puts a complete, checked dataset in place: all of it or nothing. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';

/** Folder of a dataset that is not complete yet; beside its final place, so that a rename can move it. */
export function stagingFolder(root: string, id: string): string {
  return path.join(root, `.${id}.incomplete`);
}

/**
 * Moves `staged` to `<root>/<id>`. A folder that is already there is kept under another name, which is returned:
 * it may hold the user's own changes.
 *
 * @throws EvalrunError `dataset/unwritable`.
 */
export async function installFolder(
  staged: string,
  { root, id }: { root: string; id: string },
): Promise<string | undefined> {
  const target = path.join(root, id);
  const kept = existsSync(target) ? freeName(target) : undefined;
  try {
    if (kept !== undefined) await rename(target, kept);
    await rename(staged, target);
  } catch (cause) {
    throw unwritable(target, cause);
  }
  await rm(stagingFolder(root, id), { recursive: true, force: true });
  return kept;
}

/** Creates a folder and its parents. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function freeName(target: string): string {
  let number = 1;
  while (existsSync(`${target}.replaced-${number}`)) number += 1;
  return `${target}.replaced-${number}`;
}

export function unwritable(file: string, cause: unknown): EvalrunError {
  return new EvalrunError('dataset/unwritable', {
    what: `${file} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
    todo: 'name a folder that can be written with --data, or free space',
    cause,
  });
}

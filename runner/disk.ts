/** Writing files so that a crash leaves the old one or the new one, and turning what a disk says into words. */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';

/**
 * Replaces `file` atomically: other processes, and a crash at any instant, see the old text or the new one. A text in parts may be read
 * from the old file.
 */
export async function writeAtomically(
  file: string,
  text: string | Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      if (typeof text === 'string' || text instanceof Uint8Array) await handle.writeFile(text);
      else for await (const part of text) await handle.appendFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  } catch (cause) {
    // Where the file could not even be made, this fails for the same reason, which is told below.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(file, cause);
  }
}

/**
 * Creates `folder` and what is missing above it. Node's own recursive mkdir never returns where a file system answers
 * "no such file" to a mkdir in a folder that exists, as /proc does.
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !existsSync(at); at = path.dirname(at)) missing.push(at);
  for (const at of missing.reverse()) {
    await mkdir(at).catch((cause: NodeJS.ErrnoException) => {
      // Somebody else made it in the meantime.
      if (cause.code !== 'EEXIST') throw cause;
    });
  }
}

/** Makes a rename or a new file in `folder` survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces `file` by the JSON of `value`, two spaces deep. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}

const reasons: Readonly<Record<string, [reason: string, todo: string]>> = {
  ENOSPC: ['a full disk', 'free some space'],
  EDQUOT: ['a full quota', 'free some space'],
  EACCES: ['no permission to write there', 'choose another folder with --out'],
  EPERM: ['no permission to write there', 'choose another folder with --out'],
  EROFS: ['a read-only file system', 'choose another folder with --out'],
  ENOTDIR: ['a file where a folder should be', 'choose another folder with --out'],
  EEXIST: ['a file where a folder should be', 'choose another folder with --out'],
  ENOENT: ['no folder that could be made there', 'choose another folder with --out'],
  EIO: ['an input/output error of the disk', 'check the disk'],
};

/** A failed write as an error for people; what is no operating system error passes through. */
export function writeError(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause instanceof EvalrunError || typeof code !== 'string') return cause;
  const [found, todo] = reasons[code] ?? [code, 'check the folder'];
  return new EvalrunError('run/write', { what: `Cannot write ${file}`, found, todo, cause });
}

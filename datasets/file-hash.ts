/** Hashes of files: SHA-256, and the one that git gives to a file's content. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** `git-blob` is the SHA-1 over `blob <bytes>\0` and the content (git's "Git Objects" chapter). */
export type HashKind = 'sha256' | 'git-blob';

export interface HashOptions {
  readonly kind?: HashKind;
  /** Told how many bytes have been read. */
  readonly onBytes?: (read: number) => void;
  readonly signal?: AbortSignal;
}

/** Lower-case hexadecimal hash of a file, or undefined when there is none. */
export async function hashOf(file: string, options: HashOptions = {}): Promise<string | undefined> {
  const { kind = 'sha256', onBytes, signal } = options;
  const bytes = await sizeOf(file);
  if (bytes === undefined) return undefined;
  const hash = kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
  let read = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
    read += (chunk as Buffer).length;
    onBytes?.(read);
  }
  return hash.digest('hex');
}

/** Bytes of a file, or undefined when there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

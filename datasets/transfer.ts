/** Fetches the bytes of one file into a part that a later attempt goes on with, and never more than were announced. */
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'undici';
import { type HashKind, hashOf, sizeOf } from './file-hash.js';
import { FinalFailure, httpFailure, type RetryOptions, withRetries } from './retry.js';

export interface TransferOptions extends RetryOptions {
  readonly url: string;
  /** File of the bytes so far. */
  readonly part: string;
  readonly bytes: number;
  readonly hash: string;
  readonly hashKind?: HashKind;
  readonly fetch: (url: string, headers: Readonly<Record<string, string>>) => Promise<Response>;
  /** Told how many bytes of this file are here. */
  readonly onBytes?: (received: number) => void;
}

/** The address has another file than the expected one. */
export class WrongContent extends FinalFailure {}

/**
 * Makes `part` the file with that hash, retrying what may pass.
 *
 * @throws WrongContent, with nothing left of the part, when the bytes are others; HttpFailure, or what the network or
 *   the disk threw, with the part kept
 */
export async function transferFile(options: TransferOptions): Promise<void> {
  const { url, part, hash, hashKind: kind = 'sha256', signal } = options;
  let furthest = (await sizeOf(part)) ?? 0;
  const found = await withRetries(
    async () => {
      const resumed = ((await sizeOf(part)) ?? 0) > 0;
      await fetchOnce(options);
      const first = await hashOf(part, { kind, ...(signal && { signal }) });
      if (first === hash || !resumed) return first;
      // A part may come from another address or an older file: bytes that do not fit together are fetched afresh.
      await rm(part, { force: true });
      await fetchOnce(options);
      return hashOf(part, { kind, ...(signal && { signal }) });
    },
    options,
    async () => {
      const now = (await sizeOf(part)) ?? 0;
      const gained = now > furthest;
      furthest = Math.max(now, furthest);
      return gained;
    },
  );
  if (found === hash) return;
  await rm(part, { force: true });
  throw new WrongContent(`${url} gave a file with ${kind === 'sha256' ? 'sha256' : 'git hash'} ${found}`);
}

async function fetchOnce({ url, part, bytes, fetch, onBytes, signal }: TransferOptions): Promise<void> {
  const have = (await sizeOf(part)) ?? 0;
  if (have > bytes) await rm(part, { force: true });
  if (bytes === 0) await writeFile(part, '');
  if (have === bytes) return;
  const start = have < bytes ? have : 0;
  // Without identity a server may compress, and offsets would count compressed bytes.
  const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
  const response = await fetch(url, { 'accept-encoding': 'identity', ...range });
  const body = response.body;
  try {
    const append = continuesAt(response, start, bytes);
    if (body === null) throw new Error('an empty answer');
    let received = append ? start : 0;
    const bounded = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        received += chunk.length;
        if (received > bytes) throw new WrongContent(`${url} gave more than the expected ${bytes} bytes`);
        onBytes?.(received);
        yield chunk;
      }
    };
    const file = createWriteStream(part, { flags: append ? 'a' : 'w', flush: true });
    await pipeline(Readable.fromWeb(body), bounded, file, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof WrongContent) await rm(part, { force: true });
    if (body !== null && !body.locked) await body.cancel().catch(() => {});
    throw error;
  }
  const got = (await sizeOf(part)) ?? 0;
  if (got < bytes) throw new Error(`the connection ended after ${got} of ${bytes} bytes`);
}

/** Whether the answer goes on at `start`; false means that it is the whole file from its beginning. */
function continuesAt(response: Response, start: number, bytes: number): boolean {
  const { status, headers } = response;
  if (status === 206) {
    const range = headers.get('content-range') ?? '';
    if (!range.startsWith(`bytes ${start}-`)) throw new Error(`asked for bytes from ${start}, got "${range}"`);
    const total = /\/(\d+)$/.exec(range)?.[1];
    if (total !== undefined) checkSize(response, Number(total), bytes);
    return true;
  }
  if (status !== 200) throw httpFailure(response);
  const length = headers.get('content-length');
  if (length !== null && !headers.has('content-encoding')) checkSize(response, Number(length), bytes);
  return false;
}

function checkSize(response: Response, announced: number, bytes: number): void {
  if (announced === bytes) return;
  const { origin, pathname } = new URL(response.url);
  throw new WrongContent(`${origin}${pathname} has a file of ${announced} bytes, not of ${bytes}`);
}

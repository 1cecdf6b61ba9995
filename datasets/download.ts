/** Downloads one file: resumes a part, retries with growing pauses, and accepts nothing but the expected bytes. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, fetch, type Response } from 'undici';
import { EvalrunError } from '../errors.js';

export interface DownloadOptions {
  /** Tried in order until one gives the expected file. */
  readonly urls: readonly string[];
  /** Where the file goes; bytes that are not all there yet are in `<destination>.part`. */
  readonly destination: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly dispatcher: Dispatcher;
  /** Attempts per address for faults that pass (default 5). */
  readonly attempts?: number;
  /** First pause between attempts, doubled each time (default 500). */
  readonly pauseMs?: number;
  /** Told how many bytes of this file are here. */
  readonly onBytes?: (received: number) => void;
}

/** A failure that another attempt at the same address cannot mend. */
class FinalFailure extends Error {}

/**
 * Makes `destination` hold exactly the file with that hash.
 *
 * @throws EvalrunError `dataset/hash` when an address gave a complete file of other content and no address the right
 *   one; `network/download` naming every address and what was wrong with it. Nothing is left at `destination` then.
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const { destination, sha256, urls } = options;
  await mkdir(path.dirname(destination), { recursive: true });
  if ((await hashOf(destination)) === sha256) return;
  const part = `${destination}.part`;
  const failures: string[] = [];
  let otherHash: string | undefined;
  for (const url of urls) {
    try {
      await fetchWithRetries(url, part, options);
      const found = await hashOf(part);
      if (found === sha256) {
        await rename(part, destination);
        return;
      }
      otherHash = found;
      failures.push(`${url} gave a file with sha256 ${found}`);
      await rm(part, { force: true });
    } catch (error) {
      if (error instanceof EvalrunError) throw error;
      failures.push(`${url}: ${describe(error)}`);
    }
  }
  const wrong = otherHash !== undefined;
  throw new EvalrunError(wrong ? 'dataset/hash' : 'network/download', {
    what: `${path.basename(destination)} could not be downloaded: ${failures.join('; ')}`,
    ...(wrong ? { expected: `sha256 ${sha256}` } : {}),
    todo: wrong
      ? 'nothing was installed; if the publisher changed the file, fetch it yourself and use "evalrun data import"'
      : 'run the same command again to go on where it stopped; HF_ENDPOINT and HTTPS_PROXY are obeyed',
  });
}

async function fetchWithRetries(url: string, part: string, options: DownloadOptions): Promise<void> {
  const { attempts = 5, pauseMs = 500 } = options;
  let attempt = 1;
  for (;;) {
    const resumed = await sizeOf(part);
    try {
      await fetchOnce(url, part, options);
      // A part may come from another address or an older file: bytes that do not fit together are fetched afresh.
      if (resumed > 0 && (await hashOf(part)) !== options.sha256) {
        await rm(part, { force: true });
        await fetchOnce(url, part, options);
      }
      return;
    } catch (error) {
      if (error instanceof FinalFailure || attempt >= attempts || isDiskFault(error)) throw diskError(error, part);
      await pause(pauseMs * 2 ** (attempt - 1));
      // A connection that is cut again and again still gets there: only attempts without gain are counted.
      attempt = (await sizeOf(part)) > resumed ? 1 : attempt + 1;
    }
  }
}

async function fetchOnce(url: string, part: string, { bytes, dispatcher, onBytes }: DownloadOptions): Promise<void> {
  const have = await sizeOf(part);
  if (have > bytes) await rm(part, { force: true });
  if (have === bytes) return;
  const start = have < bytes ? have : 0;
  // Without identity a server may compress, and offsets would count compressed bytes.
  const headers = { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) };
  const response = await fetch(url, { headers, dispatcher });
  const append = continuesAt(response, start);
  if (response.body === null) throw new Error('an empty answer');
  const body = Readable.fromWeb(response.body);
  let received = append ? start : 0;
  body.on('data', (chunk: Buffer) => {
    received += chunk.length;
    onBytes?.(received);
  });
  await pipeline(body, createWriteStream(part, { flags: append ? 'a' : 'w' }));
  const got = await sizeOf(part);
  if (got < bytes) throw new Error(`the connection ended after ${got} of ${bytes} bytes`);
}

/** Whether the answer goes on at `start`; false means that it is the whole file from its beginning. */
function continuesAt(response: Response, start: number): boolean {
  const { status, statusText } = response;
  if (status === 206) {
    const range = response.headers.get('content-range') ?? '';
    if (range.startsWith(`bytes ${start}-`)) return true;
    throw new Error(`asked for bytes from ${start}, got "${range}"`);
  }
  if (status === 200) return false;
  const passing = status >= 500 || status === 408 || status === 429;
  const reason = `HTTP ${status}${statusText === '' ? '' : ` ${statusText}`}`;
  throw passing ? new Error(reason) : new FinalFailure(reason);
}

/** Lower-case hexadecimal SHA-256 of a file, or undefined when there is none. */
export async function hashOf(file: string): Promise<string | undefined> {
  if ((await sizeOf(file)) === 0) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

function isDiskFault(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function diskError(error: unknown, part: string): unknown {
  if (!isDiskFault(error)) return error;
  return new EvalrunError('dataset/unwritable', {
    what: `${part} cannot be written (${(error as NodeJS.ErrnoException).code})`,
    todo: 'free space, or name another folder with --data',
    cause: error,
  });
}

function describe(error: unknown): string {
  const cause = (error as Error).cause;
  const message = error instanceof Error ? error.message : String(error);
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** Downloads one file of a dataset from the first address that has it, and accepts nothing but the expected bytes. */
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { type Dispatcher, fetch } from 'undici';
import { EvalrunError } from '../errors.js';
import { hashOf } from './file-hash.js';
import { describeFailure, diskFault, type RetryOptions } from './retry.js';
import { transferFile, WrongContent } from './transfer.js';

export interface DownloadOptions extends RetryOptions {
  /** Tried in order until one gives the expected file. */
  readonly urls: readonly string[];
  /** Where the file goes; bytes that are not all there yet are in `<destination>.part`. */
  readonly destination: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly dispatcher: Dispatcher;
  /** Told how many bytes of this file are here. */
  readonly onBytes?: (received: number) => void;
}

/**
 * Makes `destination` hold exactly the file with that hash.
 *
 * @throws EvalrunError `dataset/hash` when an address gave a complete file of other content and no address the right
 *   one; `network/download` naming every address and what was wrong with it. Nothing is left at `destination` then.
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const { destination, sha256, urls, dispatcher } = options;
  await mkdir(path.dirname(destination), { recursive: true });
  if ((await hashOf(destination)) === sha256) return;
  const part = `${destination}.part`;
  const failures: string[] = [];
  let wrong = false;
  for (const url of urls) {
    try {
      await transferFile({
        ...options,
        url,
        part,
        hash: sha256,
        fetch: (address, headers) => fetch(address, { headers, dispatcher }),
      });
      await rename(part, destination);
      return;
    } catch (error) {
      if (diskFault(error) !== undefined) throw diskError(error, part);
      wrong ||= error instanceof WrongContent;
      failures.push(error instanceof WrongContent ? error.message : `${url}: ${describeFailure(error)}`);
    }
  }
  throw new EvalrunError(wrong ? 'dataset/hash' : 'network/download', {
    what: `${path.basename(destination)} could not be downloaded: ${failures.join('; ')}`,
    ...(wrong ? { expected: `sha256 ${sha256}` } : {}),
    todo: wrong
      ? 'nothing was installed; if the publisher changed the file, fetch it yourself and use "evalrun data import"'
      : 'run the same command again to go on where it stopped; HF_ENDPOINT and HTTPS_PROXY are obeyed',
  });
}

function diskError(error: unknown, part: string): EvalrunError {
  return new EvalrunError('dataset/unwritable', {
    what: `${part} cannot be written (${diskFault(error)})`,
    todo: 'free space, or name another folder with --data',
    cause: error,
  });
}

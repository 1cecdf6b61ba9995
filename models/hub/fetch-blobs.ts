/** Fetches files of a commit as blobs, several at a time: what is there and has its hash is not fetched again. */
import { rename } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { hashOf, sizeOf } from '../../datasets/file-hash.js';
import type { RetryOptions } from '../../datasets/retry.js';
import { transferFile } from '../../datasets/transfer.js';
import type { CacheRepository } from './cache-repository.js';
import { cacheError, hubError, isDiskError } from './hub-error.js';
import type { HubFetch } from './hub-fetch.js';
import type { HubToken } from './hub-settings.js';
import type { RemoteFile } from './list-repository.js';
import type { ModelName } from './model-name.js';

export interface BlobSource {
  readonly name: ModelName;
  readonly commit: string;
  readonly endpoint: string;
  readonly token: HubToken | undefined;
  readonly fetch: HubFetch;
  readonly repository: CacheRepository;
  readonly retry: RetryOptions;
}

const PARALLEL_DOWNLOADS = 4;

export class BlobFetcher {
  constructor(private readonly source: BlobSource) {}

  /**
   * Makes every file a blob with its hash, and returns how many bytes came over the network.
   *
   * @param onBytes told how many bytes are here and how many of them were fetched
   */
  async fetchAll(
    files: readonly RemoteFile[],
    onBytes: (have: number, fetched: number) => void = () => {},
  ): Promise<number> {
    const limit = pLimit(PARALLEL_DOWNLOADS);
    const counts = new Map<string, { have: number; fetched: number }>();
    const total = (key: 'have' | 'fetched') => [...counts.values()].reduce((sum, count) => sum + count[key], 0);
    // Files with the same content are one blob.
    const blobs = new Map(files.map((file) => [file.hash, file]));
    // When one fails the others stop at once: their parts are there for the next pull.
    const stop = new AbortController();
    let failure: { readonly error: unknown } | undefined;
    const downloads = [...blobs.values()].map((file) =>
      limit(async () => {
        if (failure !== undefined) return;
        const count = (have: number, fetched: number) => {
          counts.set(file.hash, { have, fetched });
          onBytes(total('have'), total('fetched'));
        };
        try {
          await this.fetchOne(file, count, stop.signal);
        } catch (error) {
          failure ??= { error };
          stop.abort();
        }
      }),
    );
    await Promise.all(downloads);
    if (failure !== undefined) throw failure.error;
    return total('fetched');
  }

  private async fetchOne(
    file: RemoteFile,
    onBytes: (have: number, fetched: number) => void,
    stop: AbortSignal,
  ): Promise<void> {
    const { name, commit, endpoint, token, fetch, repository, retry } = this.source;
    const signal = retry.signal === undefined ? stop : AbortSignal.any([stop, retry.signal]);
    const { hash, hashKind, bytes } = file;
    const blob = repository.blob(file);
    const part = `${blob}.part`;
    try {
      if (await this.isThere(file, signal, (read) => onBytes(read, 0))) return;
      const before = (await sizeOf(part)) ?? 0;
      const url = `${endpoint}/${name.repository}/resolve/${commit}/${encodeURIComponent(file.name)}`;
      let fetched = 0;
      let last = before;
      await transferFile({
        ...retry,
        signal,
        url,
        part,
        bytes,
        hash,
        hashKind,
        fetch: (address, headers) => fetch(address, headers, signal),
        onBytes: (received) => {
          // Less than before means that the file began anew.
          fetched += received >= last ? received - last : received;
          last = received;
          onBytes(received, fetched);
        },
      });
      await rename(part, blob);
      onBytes(bytes, fetched);
    } catch (cause) {
      if (isDiskError(cause)) throw cacheError(part, cause);
      throw hubError(cause, { ...name, endpoint, token, file: path.basename(file.name) });
    }
  }

  private async isThere(file: RemoteFile, signal: AbortSignal, onBytes: (read: number) => void): Promise<boolean> {
    const blob = this.source.repository.blob(file);
    if ((await sizeOf(blob)) !== file.bytes) return false;
    return (await hashOf(blob, { kind: file.hashKind, onBytes, signal })) === file.hash;
  }
}

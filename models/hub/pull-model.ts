/** Pulls a model from the hub into the cache: every file by its hash, the snapshot whole or not at all. */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Dispatcher } from 'undici';
import { sizeOf } from '../../datasets/file-hash.js';
import type { RetryOptions } from '../../datasets/retry.js';
import { EvalrunError } from '../../errors.js';
import { CacheRepository } from './cache-repository.js';
import { checkSettings, chooseFiles, indexFile, leftAside, WEIGHTS_INDEX } from './choose-files.js';
import { renderDownloadSize } from './download-size.js';
import { BlobFetcher } from './fetch-blobs.js';
import { hubError } from './hub-error.js';
import { hubFetch } from './hub-fetch.js';
import { hubSettings, hubToken } from './hub-settings.js';
import { listRepository, type RemoteFile, type RepositoryListing } from './list-repository.js';
import { type ModelName, renderModelName } from './model-name.js';
import { lockPull } from './pull-lock.js';
import { shardsOf } from './weights-index.js';

export interface PullProgress {
  /** Bytes that are here, whether fetched now or before. */
  readonly haveBytes: number;
  readonly totalBytes: number;
  /** Bytes that came over the network since this pull began. */
  readonly fetchedBytes: number;
}

export interface PullModelOptions extends Pick<RetryOptions, 'attempts' | 'pauseMs' | 'signal'> {
  readonly dispatcher: Dispatcher;
  readonly env?: NodeJS.ProcessEnv;
  /** Lines that a person should see. */
  readonly onNotice?: (line: string) => void;
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface PulledModel {
  /** `org/name` */
  readonly model: string;
  readonly revision: string;
  readonly commit: string;
  /** The snapshot: a checkpoint folder. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly fetchedBytes: number;
}

/**
 * Makes the cache hold the model. What was fetched stays when a pull fails or is killed, and the next goes on with it;
 * the snapshot's links and the ref are made when everything is there and checked.
 *
 * @throws EvalrunError network/..., checkpoint/no-weights, usage/hf-..., or run/interrupted after `signal`
 * @example const { folder } = await pullModel({ repository: 'org/name', revision: 'main' }, { dispatcher });
 */
export async function pullModel(name: ModelName, options: PullModelOptions): Promise<PulledModel> {
  const { env, signal, onNotice = () => {} } = options;
  const { endpoint, cache, offline } = hubSettings(env);
  if (offline) throw offlineError(name);
  const token = hubToken(env);
  const fetch = hubFetch({
    endpoint,
    dispatcher: options.dispatcher,
    ...(token && { token: token.value }),
  });
  const onWait = (reason: string, ms: number) =>
    onNotice(`${endpoint} answered ${reason}; asking again in ${Math.ceil(ms / 1000)} s`);
  const retry = { ...pick(options), onWait };
  try {
    const listing = await listRepository(name, { endpoint, fetch, ...retry }).catch((cause) => {
      throw hubError(cause, { ...name, endpoint, token });
    });
    const repository = new CacheRepository(cache, name.repository);
    await repository.makeFolders();
    const release = await lockPull(cache, name.repository, {
      ...(signal && { signal }),
      onWait: (holder) => onNotice(`${name.repository} is being pulled by ${holder}; waiting for it`),
    });
    try {
      const fetcher = new BlobFetcher({ name, endpoint, token, fetch, repository, retry, commit: listing.commit });
      return await pullListed(name, { listing, repository, fetcher, options });
    } finally {
      await release();
    }
  } catch (error) {
    throw signal?.aborted ? interrupted(name, error) : error;
  }
}

interface ListedPull {
  readonly listing: RepositoryListing;
  readonly repository: CacheRepository;
  readonly fetcher: BlobFetcher;
  readonly options: PullModelOptions;
}

async function pullListed(name: ModelName, pull: ListedPull): Promise<PulledModel> {
  const { listing, repository, fetcher, options } = pull;
  const { commit } = listing;
  const model = renderModelName(name);
  const index = await fetchIndex(name, pull);
  const chosen = chooseFiles(listing.files, { model, shards: index.shards });
  const totalBytes = sum(chosen);
  const aside = leftAside(listing.files, chosen);
  const notice = options.onNotice ?? (() => {});
  notice(
    `${model}: commit ${commit.slice(0, 12)}, ${chosen.length} files, ${renderDownloadSize(totalBytes)}, into ${repository.folder}`,
  );
  if (aside.length > 0) notice(`${model}: left aside ${list(aside)} (${renderDownloadSize(sum(aside))})`);
  await checkSpace(chosen, repository);
  const fetchedBytes = await fetcher.fetchAll(chosen, (have, fetched) =>
    options.onProgress?.({ haveBytes: have, totalBytes, fetchedBytes: fetched }),
  );
  for (const file of chosen) await repository.link(commit, file);
  await repository.writeRef(name.revision, commit);
  await repository.removeParts();
  const folder = repository.snapshot(commit);
  return {
    model: name.repository,
    revision: name.revision,
    commit,
    folder,
    files: chosen.length,
    bytes: totalBytes,
    fetchedBytes: fetchedBytes + index.fetchedBytes,
  };
}

/** The shards are known once the index is here. */
async function fetchIndex(name: ModelName, { listing, repository, fetcher }: ListedPull) {
  const index = indexFile(listing.files);
  if (index === undefined) return { shards: undefined, fetchedBytes: 0 };
  checkSettings([index], renderModelName(name));
  const fetchedBytes = await fetcher.fetchAll([index]);
  const shards = shardsOf(repository.blob(index), `${WEIGHTS_INDEX} of ${renderModelName(name)}`);
  return { shards, fetchedBytes };
}

/** Says before hours of download that they would end on a full disk. */
async function checkSpace(files: readonly RemoteFile[], repository: CacheRepository): Promise<void> {
  let missing = 0;
  for (const file of files) {
    const blob = repository.blob(file);
    if ((await sizeOf(blob)) !== file.bytes)
      missing += file.bytes - Math.min(file.bytes, (await sizeOf(`${blob}.part`)) ?? 0);
  }
  const { bavail, bsize } = await statfs(repository.blobs);
  if (missing <= bavail * bsize) return;
  throw new EvalrunError('network/disk-space', {
    what: `The disk of ${path.dirname(repository.folder)} is too small for what is missing`,
    expected: `${renderDownloadSize(missing)} of free space`,
    found: renderDownloadSize(bavail * bsize),
    todo: 'free space, or choose another cache with HF_HUB_CACHE or HF_HOME',
  });
}

export function offlineError(name: ModelName): EvalrunError {
  return new EvalrunError('network/offline', {
    what: `${renderModelName(name)} is not pulled, because HF_HUB_OFFLINE is set`,
    todo: 'unset it (and TRANSFORMERS_OFFLINE), or use a model that "evalrun models list" shows',
  });
}

function interrupted(name: ModelName, cause: unknown): EvalrunError {
  return new EvalrunError('run/interrupted', {
    what: `The download of ${renderModelName(name)} was interrupted`,
    todo: 'run the same command again to go on where it stopped',
    cause,
  });
}

function pick({ attempts, pauseMs, signal }: PullModelOptions): RetryOptions {
  return {
    ...(attempts !== undefined && { attempts }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(signal !== undefined && { signal }),
  };
}

function list(files: readonly RemoteFile[]): string {
  const shown = files.slice(0, 3).map(({ name }) => name);
  return [...shown, ...(files.length > 3 ? [`${files.length - 3} more`] : [])].join(', ');
}

function sum(files: readonly RemoteFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

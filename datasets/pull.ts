/** Downloads a dataset, checks every file and installs it whole. */
import { existsSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import type { Dispatcher } from 'undici';
import { archiveMembers } from './archive.js';
import { type DownloadOptions, downloadFile } from './download.js';
import { hashOf } from './file-hash.js';
import { findFile } from './find-files.js';
import { hashMismatch } from './import.js';
import { installFolder, makeFolder, stagingFolder, unwritable } from './install.js';
import type { DatasetEntry, ManifestFile } from './manifest.js';
import { onMirror } from './mirror.js';
import { verifyDataset } from './verify.js';

export interface PullOptions {
  /** The data directory. */
  readonly root: string;
  readonly dispatcher: Dispatcher;
  readonly env?: NodeJS.ProcessEnv;
  readonly attempts?: number;
  readonly pauseMs?: number;
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface PullProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface PullResult {
  readonly id: string;
  readonly folder: string;
  readonly status: 'already installed' | 'installed';
  readonly files: number;
  readonly bytes: number;
  /** Where the folder that was there before went, when it was not the published dataset. */
  readonly kept?: string;
}

const PARALLEL_DOWNLOADS = 4;

/**
 * Installs the published dataset at `<root>/<id>`. What was downloaded stays in a hidden folder beside it until
 * everything is there and checked, so that a stopped pull goes on where it stopped and never half-installs.
 *
 * @throws EvalrunError `network/download`, `dataset/hash`, `dataset/archive` or `dataset/unwritable`.
 */
export async function pullDataset(entry: DatasetEntry, options: PullOptions): Promise<PullResult> {
  const folder = path.join(options.root, entry.id);
  const summary = {
    id: entry.id,
    folder,
    files: entry.files.length,
    bytes: sum(entry.files.map((file) => file.bytes)),
  };
  const missing = existsSync(folder) ? verifyDataset(entry, folder).filter(({ kind }) => kind !== 'extra') : undefined;
  if (missing?.length === 0) return { ...summary, status: 'already installed' };

  const staging = stagingFolder(options.root, entry.id);
  const staged = path.join(staging, 'files');
  await makeFolder(staged);
  await reuseFiles(entry, folder, staged);
  if (entry.source.kind === 'archive') await pullArchive(entry, { ...options, staging, staged });
  else await pullFiles(entry, { ...options, staging, staged });
  const kept = await installFolder(staged, { root: options.root, id: entry.id });
  return { ...summary, status: 'installed', ...(kept === undefined ? {} : { kept }) };
}

interface StagedPull extends PullOptions {
  readonly staging: string;
  readonly staged: string;
}

/** Files of an incomplete installation that are the published ones need no download. */
async function reuseFiles(entry: DatasetEntry, folder: string, staged: string): Promise<void> {
  for (const file of entry.files) {
    const there = path.join(folder, file.path);
    const target = path.join(staged, file.path);
    if (existsSync(target) || (await hashOf(there)) !== file.sha256) continue;
    await makeFolder(path.dirname(target));
    await copyFile(there, target);
  }
}

async function pullFiles(entry: DatasetEntry, options: StagedPull): Promise<void> {
  const limit = pLimit(PARALLEL_DOWNLOADS);
  const received = receivedBytes(sum(entry.files.map((file) => file.bytes)), options);
  let failed = false;
  const downloads = entry.files.map((file) =>
    limit(async () => {
      if (failed) return;
      const urls = entry.source.urls.map((url) => url.replace('{path}', file.path));
      const destination = path.join(options.staged, file.path);
      const { sha256, bytes } = file;
      try {
        await downloadFile({ ...transfer(urls, options), sha256, bytes, destination, onBytes: received(file.path) });
      } catch (error) {
        failed = true;
        throw error;
      }
    }),
  );
  // Waits for the downloads under way, so that nothing writes after the error is told.
  const failure = (await Promise.allSettled(downloads)).find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

async function pullArchive(entry: DatasetEntry, options: StagedPull): Promise<void> {
  const { source } = entry;
  if (source.kind !== 'archive') return;
  const missing = await filesToUnpack(entry.files, options.staged);
  if (missing.length === 0) return;
  const destination = path.join(options.staging, `${entry.id}.${source.format}`);
  const onBytes = receivedBytes(source.bytes, options)(destination);
  await downloadFile({
    ...transfer(source.urls, options),
    destination,
    sha256: source.sha256,
    bytes: source.bytes,
    onBytes,
  });
  const members = archiveMembers(destination, source.format);
  for (const file of missing) {
    const found = findFile(file, members);
    if (found?.sha256 !== file.sha256) throw hashMismatch(entry, file, found);
    const target = path.join(options.staged, file.path);
    await makeFolder(path.dirname(target));
    await writeFile(target, found.content).catch((cause) => {
      throw unwritable(target, cause);
    });
  }
  await rm(destination, { force: true });
}

async function filesToUnpack(files: readonly ManifestFile[], staged: string): Promise<ManifestFile[]> {
  const missing: ManifestFile[] = [];
  for (const file of files) {
    if ((await hashOf(path.join(staged, file.path))) !== file.sha256) missing.push(file);
  }
  return missing;
}

function transfer(urls: readonly string[], { dispatcher, env, attempts, pauseMs }: StagedPull) {
  const options: Pick<DownloadOptions, 'urls' | 'dispatcher'> = {
    urls: urls.map((url) => onMirror(url, env)),
    dispatcher,
  };
  return { ...options, ...(attempts === undefined ? {} : { attempts }), ...(pauseMs === undefined ? {} : { pauseMs }) };
}

/** Adds up what each file has received, and tells the total. */
function receivedBytes(totalBytes: number, { onProgress }: PullOptions): (file: string) => (bytes: number) => void {
  const perFile = new Map<string, number>();
  return (file) => (bytes) => {
    perFile.set(file, bytes);
    onProgress?.({ receivedBytes: sum([...perFile.values()]), totalBytes });
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

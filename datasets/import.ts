/** Takes over a dataset that the user already has, as a folder or an archive. */
import { statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { archiveKind, archiveMembers } from './archive.js';
import { type FoundFile, findFile, folderMembers } from './find-files.js';
import { installFolder, makeFolder, stagingFolder, unwritable } from './install.js';
import type { DatasetEntry, ManifestFile } from './manifest.js';
import { type Deviation, renderDeviation } from './verify.js';

export interface ImportOptions {
  /** The data directory. */
  readonly root: string;
  /** The folder or archive that the user has. */
  readonly from: string;
  /** Installs files of other content too; runs then need `--allow-modified-data`. */
  readonly allowModified?: boolean;
}

export interface ImportResult {
  readonly id: string;
  readonly folder: string;
  readonly files: number;
  readonly deviations: readonly Deviation[];
  /** Where the folder that was there before went. */
  readonly kept?: string;
}

/**
 * Copies the dataset's files, found by their names anywhere below `from`, to `<root>/<id>`, and checks them first.
 *
 * @throws EvalrunError `dataset/import` naming what is missing or different (nothing is installed then),
 *   `usage/import-source`, `usage/archive-kind`, `dataset/archive` or `dataset/unwritable`.
 */
export async function importDataset(
  entry: DatasetEntry,
  { root, from, allowModified }: ImportOptions,
): Promise<ImportResult> {
  const members = sourceMembers(from);
  const found = entry.files.map((file) => ({ file, match: findFile(file, members) }));
  const deviations = found.flatMap(({ file, match }) => deviationOf(entry, file, match));
  const fatal = deviations.filter(({ kind }) => kind === 'missing' || !allowModified);
  if (fatal.length > 0) throw refuse(entry, from, fatal);

  // Its own folder, so that it never mixes with a download that was stopped.
  const staging = `${stagingFolder(root, entry.id)}-import`;
  await rm(staging, { recursive: true, force: true });
  for (const { file, match } of found) {
    const target = path.join(staging, file.path);
    await makeFolder(path.dirname(target));
    await writeFile(target, match?.content ?? '').catch((cause) => {
      throw unwritable(target, cause);
    });
  }
  const kept = await installFolder(staging, { root, id: entry.id });
  const folder = path.join(root, entry.id);
  return { id: entry.id, folder, files: found.length, deviations, ...(kept === undefined ? {} : { kept }) };
}

/** The error for a file of an archive that is absent or not the published one. */
export function hashMismatch(entry: DatasetEntry, file: ManifestFile, found: FoundFile | undefined): EvalrunError {
  return new EvalrunError('dataset/hash', {
    what: `${entry.id}/${file.path} in the archive is not the published file`,
    expected: `sha256 ${file.sha256}`,
    found: found?.sha256 ?? 'no such file',
    todo: 'nothing was installed; unpack the archive, use "evalrun data import --allow-modified-data", and report this',
  });
}

function sourceMembers(from: string) {
  const stats = statSync(from, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new EvalrunError('usage/import-source', { what: `there is no ${from}`, expected: 'a folder or an archive' });
  }
  return stats.isDirectory() ? folderMembers(from) : archiveMembers(from, archiveKind(from));
}

function deviationOf(entry: DatasetEntry, file: ManifestFile, match: FoundFile | undefined): Deviation[] {
  const label = `${entry.id}/${file.path}`;
  if (match === undefined) return [{ kind: 'missing', path: label }];
  if (match.sha256 === file.sha256) return [];
  return [{ kind: 'hash', path: label, expected: `sha256 ${file.sha256}`, found: `${match.sha256} (${match.name})` }];
}

/** Deviations named in one message; the rest are counted. */
const NAMED = 5;

function refuse(entry: DatasetEntry, from: string, fatal: readonly Deviation[]): EvalrunError {
  const missing = fatal.some(({ kind }) => kind === 'missing');
  const more = fatal.length > NAMED ? `; and ${fatal.length - NAMED} more` : '';
  return new EvalrunError('dataset/import', {
    what: `${from} is not the published ${entry.id}, so nothing was installed: ${fatal.slice(0, NAMED).map(renderDeviation).join('; ')}${more}`,
    expected: `the ${entry.files.length} files of ${entry.homepage}`,
    todo: missing
      ? `look for the missing files, or run "evalrun data pull ${entry.id}"`
      : 'accept other content with --allow-modified-data',
  });
}

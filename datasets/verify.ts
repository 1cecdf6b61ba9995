/** Compares an installed dataset with the manifest, naming every difference. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import { countRows } from './count-rows.js';
import type { DatasetEntry, ManifestFile } from './manifest.js';

export interface Deviation {
  readonly kind: 'missing' | 'extra' | 'hash' | 'rows' | 'unreadable';
  /** Path below the data directory. */
  readonly path: string;
  readonly expected?: string;
  readonly found?: string;
}

/**
 * Differences between `folder` and the manifest: missing files, other content, another number of rows, files that
 * cannot be parsed, and files in the dataset's split folders that the publisher does not have. Files outside the
 * split folders (a licence, a README, another split) are no deviation.
 */
export function verifyDataset(entry: DatasetEntry, folder: string): Deviation[] {
  const listed = entry.files.flatMap((file) => verifyFile(entry, file, folder));
  return [...listed, ...extraFiles(entry, folder)];
}

/** One line for people. */
export function renderDeviation({ kind, path: file, expected, found }: Deviation): string {
  const values = expected === undefined ? (found ?? '') : `expected ${expected}, found ${found ?? 'nothing'}`;
  return `${file}: ${kind === 'hash' ? 'other content' : kind}${values === '' ? '' : `, ${values}`}`;
}

function verifyFile(entry: DatasetEntry, file: ManifestFile, folder: string): Deviation[] {
  const label = `${entry.id}/${file.path}`;
  const full = path.join(folder, file.path);
  if (!existsSync(full)) return [{ kind: 'missing', path: label }];
  let bytes: Buffer;
  try {
    bytes = readFileSync(full);
  } catch (error) {
    return [{ kind: 'unreadable', path: label, found: String((error as NodeJS.ErrnoException).code) }];
  }
  const sha256 = sha256Hex(bytes);
  if (sha256 === file.sha256) return [];
  const hash: Deviation = { kind: 'hash', path: label, expected: `sha256 ${file.sha256}`, found: sha256 };
  return [hash, ...verifyRows(entry, file, bytes)];
}

function verifyRows(entry: DatasetEntry, file: ManifestFile, bytes: Buffer): Deviation[] {
  const label = `${entry.id}/${file.path}`;
  try {
    const rows = countRows(entry, file.path, bytes);
    return rows === file.rows ? [] : [{ kind: 'rows', path: label, expected: String(file.rows), found: String(rows) }];
  } catch (error) {
    if (!(error instanceof EvalrunError)) throw error;
    return [{ kind: 'unreadable', path: label, found: error.message }];
  }
}

function extraFiles(entry: DatasetEntry, folder: string): Deviation[] {
  const listed = new Set(entry.files.map((file) => file.path));
  const splits = new Set(entry.files.map((file) => path.posix.dirname(file.path)));
  // A dataset without split folders lies beside its licence and whatever else its publisher has there.
  splits.delete('.');
  return [...splits]
    .filter((split) => existsSync(path.join(folder, split)))
    .flatMap((split) => readdirSync(path.join(folder, split)).map((name) => `${split}/${name}`))
    .filter((file) => !listed.has(file))
    .sort()
    .map((file) => ({ kind: 'extra', path: `${entry.id}/${file}` }));
}

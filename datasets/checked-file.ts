/** Reads one file of a dataset, compares it with the manifest, and parses its rows. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import type { DatasetFile } from './choice-question.js';
import type { DatasetLocation } from './data-directory.js';
import type { DatasetEntry } from './manifest.js';

interface HasLength {
  readonly length: number;
}

export interface CheckedFileOptions<Rows extends HasLength> {
  readonly entry: DatasetEntry;
  readonly location: DatasetLocation;
  /** Takes a file that is not the published one, and adds a sentence to `deviations`. */
  readonly allowModified: boolean;
  readonly deviations: string[];
  /** Rows of a file's bytes; `label` is the file's name for messages. */
  readonly parse: (bytes: Buffer, label: string) => Rows;
  /** What the reader can do without the file. */
  readonly leaveOut?: string;
}

/**
 * The rows of `file`, checked by hash and number of rows where the dataset is installed (the questions in the box are only
 * hashed).
 *
 * @throws EvalrunError `dataset/missing-file`, `dataset/unreadable-file`, `dataset/hash`, `dataset/row-count`, or what
 *   `parse` throws.
 */
export async function loadCheckedFile<Rows extends HasLength>(
  file: string,
  { entry, location, allowModified, deviations, parse, leaveOut }: CheckedFileOptions<Rows>,
): Promise<{ rows: Rows; file: DatasetFile }> {
  const label = `${entry.id}/${file}`;
  const bytes = await readDatasetFile(path.join(location.folder, file), { label, id: entry.id, leaveOut });
  const found = sha256Hex(bytes);
  const listed = location.kind === 'installed' ? entry.files.find((candidate) => candidate.path === file) : undefined;
  const deviate = (
    code: 'dataset/hash' | 'dataset/row-count',
    what: string,
    values: { expected: string; found: string },
  ) => {
    if (!allowModified) {
      throw new EvalrunError(code, {
        what,
        ...values,
        todo: `run "evalrun data verify ${entry.id}" to see every difference, fetch the published files with "evalrun data pull ${entry.id}", or accept yours with --allow-modified-data`,
      });
    }
    deviations.push(`${what}: expected ${values.expected}, found ${values.found}.`);
  };
  if (listed !== undefined && listed.sha256 !== found) {
    deviate('dataset/hash', `${label} is not the published file`, { expected: `sha256 ${listed.sha256}`, found });
  }
  const rows = parse(bytes, label);
  if (listed !== undefined && listed.rows !== rows.length) {
    const values = { expected: `${listed.rows} rows`, found: String(rows.length) };
    deviate('dataset/row-count', `${label} has another number of questions`, values);
  }
  return { rows, file: { path: label, sha256: found, rows: rows.length } };
}

interface FileName {
  readonly label: string;
  readonly id: string;
  readonly leaveOut: string | undefined;
}

async function readDatasetFile(full: string, { label, id, leaveOut }: FileName): Promise<Buffer> {
  try {
    return await readFile(full);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EvalrunError(code === 'ENOENT' ? 'dataset/missing-file' : 'dataset/unreadable-file', {
      what: code === 'ENOENT' ? `${label} is missing` : `${label} cannot be read (${code})`,
      expected: `the file ${full}`,
      todo: `run "evalrun data pull ${id}"${leaveOut === undefined ? '' : `, or ${leaveOut}`}`,
      cause,
    });
  }
}

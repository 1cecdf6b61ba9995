/** Loads a dataset of problems that are answered in writing: picks the place, checks every file, parses the rows. */
import { loadCheckedFile } from './checked-file.js';
import type { DatasetFile } from './choice-question.js';
import { type LocateOptions, locateDataset } from './data-directory.js';
import { type DatasetEntry, datasetEntry } from './manifest.js';

export interface ProblemDatasetOptions extends LocateOptions {
  /** Takes files that differ from the published ones, and says so in `deviations`. */
  readonly allowModified?: boolean | undefined;
  /** The manifest entry; tests pass their own. */
  readonly entry?: DatasetEntry;
}

export interface ProblemDataset<Row> {
  readonly id: string;
  /** `embedded`, or the data directory. */
  readonly source: string;
  readonly licence: string;
  readonly files: readonly DatasetFile[];
  /** Differences from the published files, each one sentence. */
  readonly deviations: readonly string[];
  /** In the order of the manifest's files, then of their rows. */
  readonly problems: readonly Row[];
}

/**
 * The dataset `id`, every file checked against the manifest (the questions in the box are only hashed). `parse` turns a
 * file's bytes into rows; `file` is its path below the dataset.
 *
 * @throws EvalrunError `dataset/not-installed`, what `loadCheckedFile` throws and what `parse` throws
 */
export async function loadProblemDataset<Row>(
  id: string,
  parse: (bytes: Buffer, file: string) => readonly Row[],
  options: ProblemDatasetOptions = {},
): Promise<ProblemDataset<Row>> {
  const entry = options.entry ?? datasetEntry(id);
  const location = locateDataset(id, options);
  const deviations: string[] = [];
  const files: DatasetFile[] = [];
  const problems: Row[] = [];
  for (const { path } of entry.files) {
    const loaded = await loadCheckedFile(path, {
      entry,
      location,
      deviations,
      allowModified: options.allowModified ?? false,
      parse: (bytes) => parse(bytes, path),
    });
    files.push(loaded.file);
    problems.push(...loaded.rows);
  }
  const licence = location.kind === 'embedded' ? 'Apache-2.0, written for evalrun' : entry.licence;
  return { id, source: location.source, licence, files, deviations, problems };
}

/** Loads one multiple-choice dataset from disk: picks the place, checks every file, parses the questions. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { parseChoiceCsv } from './choice-csv.js';
import type { ChoiceSubject, DatasetFile } from './choice-question.js';
import { type DatasetLocation, type LocateOptions, locateDataset } from './data-directory.js';
import { type DatasetEntry, datasetEntry, manifestSubjects, subjectOf, subjectPath } from './manifest.js';
import { nearestTo } from './nearest-name.js';

export interface ChoiceDatasetOptions extends LocateOptions {
  /** Only these subjects; default all. A subject that the place does not have is an error. */
  readonly subjects?: readonly string[] | undefined;
  /** Takes files that differ from the published ones, and says so in `deviations`. */
  readonly allowModified?: boolean | undefined;
  /** The manifest entry; tests pass their own. */
  readonly entry?: DatasetEntry;
}

export interface ChoiceDataset {
  readonly id: string;
  /** `embedded`, or the data directory. */
  readonly source: string;
  readonly licence: string;
  readonly files: readonly DatasetFile[];
  /** Differences from the published files, each one sentence. */
  readonly deviations: readonly string[];
  /** In alphabetical order. */
  readonly subjects: readonly ChoiceSubject[];
}

/**
 * The dataset `id`, every file checked against the manifest (the questions in the box are only hashed).
 *
 * @throws EvalrunError `dataset/not-installed`, `dataset/missing-file`, `dataset/hash`, `dataset/row-count`,
 *   `usage/unknown-subject`, or what `parseChoiceCsv` throws.
 */
export async function loadChoiceDataset(id: string, options: ChoiceDatasetOptions = {}): Promise<ChoiceDataset> {
  const entry = options.entry ?? datasetEntry(id);
  const location = locateDataset(id, options);
  const available = await availableSubjects(entry, location);
  const wanted = chooseSubjects(id, available, { asked: options.subjects, location });
  const deviations: string[] = [];
  const subjects: ChoiceSubject[] = [];
  for (const subject of wanted) {
    const load = (layout: string) =>
      loadFile(subjectPath(layout, subject), {
        entry,
        location,
        deviations,
        allowModified: options.allowModified ?? false,
      });
    const dev = await load(entry.layout.shots);
    const questions = await load(entry.layout.questions);
    subjects.push({ subject, dev: dev.questions, questions: questions.questions, files: [dev.file, questions.file] });
  }
  const licence = location.kind === 'embedded' ? 'Apache-2.0, written for evalrun' : entry.licence;
  const files = subjects.flatMap((subject) => subject.files);
  return { id, source: location.source, licence, files, deviations, subjects };
}

/** Hash of a file's bytes as the manifest writes it. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function availableSubjects(entry: DatasetEntry, location: DatasetLocation): Promise<string[]> {
  if (location.kind === 'installed') return manifestSubjects(entry);
  const split = path.posix.dirname(entry.layout.questions);
  const names = await readdir(path.join(location.folder, split));
  return names.flatMap((name) => subjectOf(entry.layout.questions, `${split}/${name}`) ?? []).sort();
}

interface SubjectChoice {
  readonly asked: readonly string[] | undefined;
  readonly location: DatasetLocation;
}

function chooseSubjects(
  id: string,
  available: readonly string[],
  { asked, location }: SubjectChoice,
): readonly string[] {
  if (asked === undefined) return available;
  const unknown = asked.find((subject) => !available.includes(subject));
  if (unknown === undefined && asked.length > 0) return available.filter((subject) => asked.includes(subject));
  const inBox = location.kind === 'embedded';
  throw new EvalrunError('usage/unknown-subject', {
    what:
      unknown === undefined
        ? `no subject of ${id} was asked for`
        : `${id} has no subject "${unknown}"${inBox ? ' in the box' : ''}`,
    expected: `some of ${available.join(', ')}`,
    todo:
      unknown === undefined
        ? 'leave --subjects out to take all'
        : `the nearest name is "${nearestTo(unknown, available)}"${inBox ? `; run "evalrun data pull ${id}" for all subjects` : ''}`,
  });
}

interface FileContext {
  readonly entry: DatasetEntry;
  readonly location: DatasetLocation;
  readonly allowModified: boolean;
  readonly deviations: string[];
}

async function loadFile(file: string, { entry, location, allowModified, deviations }: FileContext) {
  const label = `${entry.id}/${file}`;
  const bytes = await readDatasetFile(path.join(location.folder, file), { label, id: entry.id });
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
  const questions = parseChoiceCsv(bytes, { format: entry.format, file: label });
  if (listed !== undefined && listed.rows !== questions.length) {
    const values = { expected: `${listed.rows} rows`, found: String(questions.length) };
    deviate('dataset/row-count', `${label} has another number of questions`, values);
  }
  return { questions, file: { path: label, sha256: found, rows: questions.length } satisfies DatasetFile };
}

async function readDatasetFile(full: string, { label, id }: { label: string; id: string }): Promise<Buffer> {
  try {
    return await readFile(full);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EvalrunError(code === 'ENOENT' ? 'dataset/missing-file' : 'dataset/unreadable-file', {
      what: code === 'ENOENT' ? `${label} is missing` : `${label} cannot be read (${code})`,
      expected: `the file ${full}`,
      todo: `run "evalrun data pull ${id}", or leave its subject out with --subjects`,
      cause,
    });
  }
}

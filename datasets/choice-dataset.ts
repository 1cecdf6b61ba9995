/** Loads one multiple-choice dataset from disk: picks the place, checks every file, parses the questions. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { loadCheckedFile } from './checked-file.js';
import type { ChoiceSubject, DatasetFile } from './choice-question.js';
import { loadChoiceRows } from './choice-rows.js';
import { type DatasetLocation, type LocateOptions, locateDataset } from './data-directory.js';
import { type ChoiceEntry, choiceEntry, manifestSubjects, subjectOf, subjectPath } from './manifest.js';
import { nearestTo } from './nearest-name.js';

export interface ChoiceDatasetOptions extends LocateOptions {
  /** Only these subjects; default all. A subject that the place does not have is an error. */
  readonly subjects?: readonly string[] | undefined;
  /** Takes files that differ from the published ones, and says so in `deviations`. */
  readonly allowModified?: boolean | undefined;
  /** The manifest entry; tests pass their own. */
  readonly entry?: ChoiceEntry;
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
 *   `usage/unknown-subject`, or what `loadChoiceRows` throws.
 */
export async function loadChoiceDataset(id: string, options: ChoiceDatasetOptions = {}): Promise<ChoiceDataset> {
  const entry = options.entry ?? choiceEntry(id);
  const location = locateDataset(id, options);
  const available = await availableSubjects(entry, location);
  const wanted = chooseSubjects(id, available, { asked: options.subjects, location });
  const deviations: string[] = [];
  const subjects: ChoiceSubject[] = [];
  for (const subject of wanted) {
    const load = (layout: string) =>
      loadCheckedFile(subjectPath(layout, subject), {
        entry,
        location,
        deviations,
        allowModified: options.allowModified ?? false,
        parse: (bytes, file) => loadChoiceRows(bytes, { format: entry.format, file }),
        leaveOut: 'leave its subject out with --subjects',
      });
    const dev = await load(entry.layout.shots);
    const questions = await load(entry.layout.questions);
    subjects.push({ subject, dev: dev.rows, questions: questions.rows, files: [dev.file, questions.file] });
  }
  const licence = location.kind === 'embedded' ? 'Apache-2.0, written for evalrun' : entry.licence;
  const files = subjects.flatMap((subject) => subject.files);
  return { id, source: location.source, licence, files, deviations, subjects };
}

async function availableSubjects(entry: ChoiceEntry, location: DatasetLocation): Promise<string[]> {
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

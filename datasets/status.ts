/** What is known and what is there of each dataset, for `evalrun data list`. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../package-root.js';
import { type ChoiceEntry, type DatasetEntry, isChoice, subjectOf } from './manifest.js';

export interface DatasetStatus {
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly homepage: string;
  readonly files: number;
  /** Questions that are asked, without the development questions. */
  readonly questions: number;
  readonly downloadBytes: number;
  /** `complete` means that every file is there; only `verify` looks into them. */
  readonly installed: 'complete' | 'incomplete' | 'no';
  readonly folder: string;
  /** Whether there are questions in the box. */
  readonly embedded: boolean;
  /** Subjects of the questions in the box; empty for a dataset without subjects. */
  readonly embeddedSubjects: readonly string[];
}

/** The state of one dataset in the data directory `root`. */
export function datasetStatus(entry: DatasetEntry, root: string): DatasetStatus {
  const folder = path.join(root, entry.id);
  const missing = entry.files.filter((file) => !existsSync(path.join(folder, file.path))).length;
  const asked = isChoice(entry)
    ? entry.files.filter((file) => subjectOf(entry.layout.questions, file.path) !== undefined)
    : entry.files;
  const fileBytes = entry.files.reduce((total, file) => total + file.bytes, 0);
  return {
    id: entry.id,
    title: entry.title,
    licence: entry.licence,
    homepage: entry.homepage,
    files: entry.files.length,
    questions: asked.reduce((total, file) => total + file.rows, 0),
    downloadBytes: entry.source.kind === 'archive' ? entry.source.bytes : fileBytes,
    installed: missing === 0 ? 'complete' : existsSync(folder) ? 'incomplete' : 'no',
    folder,
    embedded: existsSync(path.join(packageRoot, 'datasets', 'samples', entry.id)),
    embeddedSubjects: isChoice(entry) ? embeddedSubjects(entry) : [],
  };
}

function embeddedSubjects(entry: ChoiceEntry): string[] {
  const split = path.posix.dirname(entry.layout.questions);
  const folder = path.join(packageRoot, 'datasets', 'samples', entry.id, split);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => subjectOf(entry.layout.questions, `${split}/${name}`) ?? []);
}

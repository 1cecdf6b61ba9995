/** The list of published datasets: where their files come from, under which licence, and what each file must hold. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { packageRoot } from '../package-root.js';
import { nearestTo } from './nearest-name.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 lower-case hexadecimal digits');
const bytes = z.number().int().positive();
/** A path that stays below the dataset's folder: these become file names on the user's disk. */
const filePath = z
  .string()
  .regex(/^(?!.*\.\.)[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'a path below the dataset, with slashes');
const url = z.string().regex(/^https?:\/\//, 'an http or https address');
const pattern = z.string().regex(/^[\w./-]*\{subject\}[\w./-]*$/, 'a path with {subject} in it');

const fileSchema = z.strictObject({ path: filePath, sha256, bytes, rows: z.number().int().positive() });

const sourceSchema = z.discriminatedUnion('kind', [
  /** One archive that holds every file, at any depth. */
  z.strictObject({
    kind: z.literal('archive'),
    format: z.enum(['zip', 'tar']),
    sha256,
    bytes,
    urls: z.array(url).min(1),
  }),
  /** One address per file: `{path}` stands for the file's path. */
  z.strictObject({
    kind: z.literal('files'),
    urls: z.array(url.refine((text) => text.includes('{path}'), 'an address with {path} in it')).min(1),
  }),
]);

const common = {
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1),
  homepage: url,
  licence: z.string().min(1),
  source: sourceSchema,
  files: z.array(fileSchema).min(1),
};
/** Multiple choice: files for shots and for questions, one of each for every subject. */
const choiceSchema = z.strictObject({
  ...common,
  format: z.enum(['mmlu', 'ceval', 'cmmlu']),
  layout: z.strictObject({ shots: pattern, questions: pattern }),
});
/** Problems to be answered in writing, all of them asked, in the order of the files. */
const problemSchema = z.strictObject({
  ...common,
  format: z.enum(['math500', 'gsm8k', 'mgsm', 'cmath', 'humaneval', 'humaneval-plus', 'humaneval-mul']),
});

const datasetSchema = z
  .discriminatedUnion('format', [choiceSchema, problemSchema])
  .refine((dataset) => new Set(dataset.files.map((file) => file.path)).size === dataset.files.length, {
    message: 'a file is listed twice',
  });

const manifestSchema = z
  .strictObject({ schema: z.literal(1), datasets: z.array(datasetSchema).min(1) })
  .refine((manifest) => new Set(manifest.datasets.map((dataset) => dataset.id)).size === manifest.datasets.length, {
    message: 'a dataset is listed twice',
  });

export type ManifestFile = z.infer<typeof fileSchema>;
export type DatasetSource = z.infer<typeof sourceSchema>;
export type DatasetEntry = z.infer<typeof datasetSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
export type ChoiceEntry = z.infer<typeof choiceSchema>;
export type ProblemEntry = z.infer<typeof problemSchema>;
export type ChoiceFormat = ChoiceEntry['format'];
export type ProblemFormat = ProblemEntry['format'];

export function isChoice(entry: DatasetEntry): entry is ChoiceEntry {
  return 'layout' in entry;
}

/**
 * Checks and returns a manifest. `origin` names it in messages.
 *
 * @throws EvalrunError `dataset/manifest` naming the first place that does not fit.
 */
export function parseManifest(text: string, origin: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EvalrunError('dataset/manifest', { what: `${origin} is not JSON: ${String(cause)}`, cause });
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new EvalrunError('dataset/manifest', {
    what: `${origin} is not a dataset manifest: ${issue?.path.join('.') || 'the top level'}: ${issue?.message ?? 'unknown'}`,
    todo: 'reinstall evalrun',
  });
}

let shipped: Manifest | undefined;

/** The manifest that ships with evalrun, read and checked once. */
export function loadManifest(): Manifest {
  if (shipped === undefined) {
    const file = path.join(packageRoot, 'datasets', 'manifest.json');
    shipped = parseManifest(readFileSync(file, 'utf8'), 'datasets/manifest.json');
  }
  return shipped;
}

/**
 * The entry of one dataset.
 *
 * @throws EvalrunError `usage/unknown-dataset` with the nearest id and the list.
 */
export function datasetEntry(id: string, manifest: Manifest = loadManifest()): DatasetEntry {
  const entry = manifest.datasets.find((dataset) => dataset.id === id);
  if (entry !== undefined) return entry;
  const ids = manifest.datasets.map((dataset) => dataset.id);
  throw new EvalrunError('usage/unknown-dataset', {
    what: `there is no dataset "${id}"`,
    expected: `one of ${ids.join(', ')}`,
    todo: `the nearest name is "${nearestTo(id, ids)}"`,
  });
}

/** The entry of a dataset of multiple choice. Throws as `datasetEntry` does, also for a dataset of another kind. */
export function choiceEntry(id: string): ChoiceEntry {
  const entry = datasetEntry(id);
  if (isChoice(entry)) return entry;
  throw new EvalrunError('usage/unknown-dataset', { what: `${id} is no dataset of multiple choice` });
}

/** Subjects that the manifest's files cover, in alphabetical order, which is the publishers' own order of files. */
export function manifestSubjects(entry: ChoiceEntry): string[] {
  const subjects = entry.files.flatMap((file) => subjectOf(entry.layout.questions, file.path) ?? []);
  return subjects.sort();
}

/** Path of one subject's file. */
export function subjectPath(layoutPattern: string, subject: string): string {
  return layoutPattern.replace('{subject}', subject);
}

/** The subject that a path belongs to under a layout pattern, or undefined when it does not match. */
export function subjectOf(layoutPattern: string, file: string): string | undefined {
  const [before = '', after = ''] = layoutPattern.split('{subject}');
  if (!file.startsWith(before) || !file.endsWith(after)) return undefined;
  const subject = file.slice(before.length, file.length - after.length);
  return subject !== '' && !subject.includes('/') ? subject : undefined;
}

/** Chinese names and categories of subjects, as C-Eval and CMMLU list them. */
import { EvalrunError } from '../errors.js';
import type { Categories } from './choice-suite.js';

/** Subject -> its Chinese name and its categories. */
export type ChineseSubjects = Readonly<Record<string, readonly [name: string, categories: readonly string[]]>>;

/** The name that a prompt uses. */
export function chineseName(subjects: ChineseSubjects, subject: string): string {
  const entry = Object.hasOwn(subjects, subject) ? subjects[subject] : undefined;
  if (entry !== undefined) return entry[0];
  throw new EvalrunError('suite/unknown-subject', {
    what: `the subject "${subject}" has no Chinese name, which its prompt needs`,
    expected: `one of ${Object.keys(subjects).join(', ')}`,
    todo: 'remove its file from the data directory, or leave it out with --subjects',
  });
}

/** Category -> subjects, both in the order of the table. */
export function categoriesOf(subjects: ChineseSubjects): Categories {
  const categories: Record<string, string[]> = {};
  for (const [subject, [, names]] of Object.entries(subjects)) {
    for (const name of names) {
      categories[name] ??= [];
      categories[name].push(subject);
    }
  }
  return categories;
}

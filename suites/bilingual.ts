/** English and Chinese knowledge side by side: MMLU, C-Eval and CMMLU under one protocol, for the gap between them. */
import { EMBEDDED } from '../datasets/data-directory.js';
import { choiceEntry, manifestSubjects } from '../datasets/manifest.js';
import { EvalrunError } from '../errors.js';
import { ceval } from './ceval.js';
import { cmmlu } from './cmmlu.js';
import { mmlu } from './mmlu.js';
import type { Suite, SuiteOptions, SuitePlan } from './suite.js';

const COMPONENTS: readonly Suite[] = [mmlu, ceval, cmmlu];

/**
 * Plans each component. `limit` counts per component; `subjects` goes to every component that has the subject, and a
 * component that has none of them is left out and named in the notes of the others.
 */
async function plan(options: SuiteOptions): Promise<readonly SuitePlan[]> {
  const chosen = COMPONENTS.map((suite) => ({ suite, subjects: subjectsFor(suite, options.subjects) }));
  requireKnownSubjects(options.subjects);
  const plans: SuitePlan[] = [];
  for (const { suite, subjects } of chosen) {
    if (subjects?.length === 0) continue;
    plans.push(...(await suite.plan(subjects === undefined ? options : { ...options, subjects })));
  }
  requireBothLanguages(plans);
  const notes: string[] = [];
  const left = chosen.filter(({ subjects }) => subjects?.length === 0).map(({ suite }) => suite.name);
  if (left.length > 0) notes.push(`Left out, because it has none of the chosen subjects: ${left.join(', ')}.`);
  const inBox = plans
    .filter((part) => part.datasets.every(({ source }) => source === EMBEDDED))
    .map((part) => part.suite);
  if (inBox.length > 0 && inBox.length < plans.length) {
    notes.push(
      `The gap between languages means little: ${inBox.join(', ')} used the questions in the box, the others the published ones.`,
    );
  }
  return plans.map((part) => ({ ...part, notes: [...part.notes, ...notes] }));
}

function subjectsFor(suite: Suite, subjects: readonly string[] | undefined): readonly string[] | undefined {
  const known = manifestSubjects(choiceEntry(suite.name));
  return subjects?.filter((subject) => known.includes(subject));
}

function requireKnownSubjects(subjects: readonly string[] | undefined): void {
  const unknown = subjects?.find((subject) => COMPONENTS.every((suite) => subjectsFor(suite, [subject])?.length === 0));
  if (unknown === undefined) return;
  throw new EvalrunError('usage/unknown-subject', {
    what: `none of ${COMPONENTS.map((suite) => suite.name).join(', ')} has a subject "${unknown}"`,
    todo: 'run one of these suites with that subject to see its list of subjects',
  });
}

function requireBothLanguages(plans: readonly SuitePlan[]): void {
  if (new Set(plans.map((part) => part.language)).size === 2) return;
  throw new EvalrunError('usage/subjects', {
    what: 'the chosen subjects are in one language only, so there is no gap to measure',
    expected: 'subjects of mmlu and of ceval or cmmlu',
    todo: 'run mmlu, ceval or cmmlu by itself instead of bilingual',
  });
}

export const bilingual: Suite = {
  name: 'bilingual',
  title: 'Bilingual',
  description: 'MMLU, C-Eval and CMMLU together, and the gap between English and Chinese',
  protocols: mmlu.protocols,
  plan,
};

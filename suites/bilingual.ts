/** English and Chinese side by side: MMLU, C-Eval and CMMLU, MGSM in both languages, and CMATH, for the gap between them. */
import { EMBEDDED } from '../datasets/data-directory.js';
import { choiceEntry, manifestSubjects } from '../datasets/manifest.js';
import { EvalrunError } from '../errors.js';
import { ceval } from './ceval.js';
import { chooseProtocol } from './choose-protocol.js';
import { cmath } from './cmath.js';
import { cmmlu } from './cmmlu.js';
import { mgsm } from './mgsm.js';
import { mmlu } from './mmlu.js';
import type { Suite, SuiteOptions, SuitePlan } from './suite.js';

interface Component {
  readonly suite: Suite;
  /** Every subject that it may be asked for. */
  readonly subjects: () => readonly string[];
}

const choice = (suite: Suite): Component => ({ suite, subjects: () => manifestSubjects(choiceEntry(suite.name)) });

const COMPONENTS: readonly Component[] = [
  choice(mmlu),
  choice(ceval),
  choice(cmmlu),
  { suite: mgsm, subjects: () => ['en', 'zh'] },
  { suite: cmath, subjects: () => [1, 2, 3, 4, 5, 6].map((grade) => `grade ${grade}`) },
];

/** Of multiple choice: a component without one of these takes its own default. */
const PROTOCOLS = mmlu.protocols;

/**
 * Plans each component. `limit` counts per component; `subjects` goes to every component that has the subject, and a
 * component that has none of them is left out and named in the notes of the others. Mathematics, which has fewer protocols,
 * is asked under its default where it does not have the one that was named.
 */
async function plan(options: SuiteOptions): Promise<readonly SuitePlan[]> {
  if (options.protocol !== undefined) {
    chooseProtocol(
      { name: 'bilingual', protocols: Object.fromEntries(PROTOCOLS.map((name) => [name, name])) },
      options.protocol,
    );
  }
  const chosen = COMPONENTS.map((component) => ({ ...component, subjects: subjectsFor(component, options.subjects) }));
  requireKnownSubjects(options.subjects);
  const plans: SuitePlan[] = [];
  for (const { suite, subjects } of chosen) {
    if (subjects?.length === 0) continue;
    const { protocol, ...rest } = options;
    const has = protocol !== undefined && suite.protocols.includes(protocol);
    const asked = { ...rest, ...(has && { protocol }), ...(subjects !== undefined && { subjects }) };
    const planned = await suite.plan(asked);
    const note = `Asked under ${suite.protocols[0]}: ${suite.name} has no protocol ${protocol}.`;
    plans.push(...(protocol === undefined || has ? planned : planned.map((part) => withNotes(part, [note]))));
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
  return plans.map((part) => withNotes(part, notes));
}

function withNotes(part: SuitePlan, notes: readonly string[]): SuitePlan {
  return { ...part, notes: [...part.notes, ...notes] };
}

function subjectsFor({ subjects }: Component, asked: readonly string[] | undefined): readonly string[] | undefined {
  const known = subjects();
  return asked?.filter((subject) => known.includes(subject));
}

function requireKnownSubjects(subjects: readonly string[] | undefined): void {
  const unknown = subjects?.find((subject) =>
    COMPONENTS.every((component) => subjectsFor(component, [subject])?.length === 0),
  );
  if (unknown === undefined) return;
  throw new EvalrunError('usage/unknown-subject', {
    what: `none of ${COMPONENTS.map(({ suite }) => suite.name).join(', ')} has a subject "${unknown}"`,
    todo: 'run one of these suites with that subject to see its list of subjects',
  });
}

function requireBothLanguages(plans: readonly SuitePlan[]): void {
  const languages = plans.flatMap(({ language, samples }) =>
    language === 'mixed' ? samples.map(({ group }) => group) : [language],
  );
  if (['en', 'zh'].every((language) => languages.includes(language))) return;
  throw new EvalrunError('usage/subjects', {
    what: 'the chosen subjects are in one language only, so there is no gap to measure',
    expected: 'subjects of mmlu and of ceval or cmmlu, or en and zh of mgsm',
    todo: 'run one of the suites by itself instead of bilingual',
  });
}

export const bilingual: Suite = {
  name: 'bilingual',
  title: 'Bilingual',
  description: 'MMLU, C-Eval, CMMLU, MGSM and CMATH together, and the gap between English and Chinese',
  protocols: PROTOCOLS,
  plan,
};

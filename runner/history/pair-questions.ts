/** The answers of several runs side by side, question by question. */
import type { SuiteRecord } from '../run-record.js';
import type { QuestionScores } from './paired-chance.js';
import type { RunAnswers } from './read-answers.js';

export interface PairedQuestions extends QuestionScores {
  /** All questions. */
  readonly questions: number;
  /** Those that not all runs answered alike: only they are in `contributions`. */
  readonly unsteady: number;
  /** Of each run, up to a constant: accuracy over the unsteady questions. */
  readonly levels: readonly number[];
}

export interface AnsweredRun {
  readonly run: string;
  readonly suite: SuiteRecord;
  readonly answers: RunAnswers | undefined;
}

/**
 * Pairs runs whose plans are the same (prompts and keys have one hash). Returns a clause instead that says why they cannot be paired:
 * samples.jsonl of one is missing, or has other questions.
 */
export function pairQuestions(runs: readonly AnsweredRun[]): PairedQuestions | string {
  const [first] = runs;
  if (runs.length < 2 || first === undefined) return 'there are fewer than two runs that count';
  const tables = runs.map(({ suite, answers }) => answers?.get(suite.suite));
  const questions = [...(tables[0] ?? [])].map(([id, { group }]) => ({ id, group }));
  const weights = weightsOf(first.suite, questions);
  const scores = questions.map(() => new Float64Array(runs.length));
  for (const [t, table] of tables.entries()) {
    const { run = '', suite = first.suite } = runs[t] ?? {};
    if (table === undefined) return `${run} has no samples.jsonl that can be read`;
    if (table.size !== questions.length) return `${run} has other questions in samples.jsonl than ${first.run}`;
    const samples = suite.generation?.samples ?? 1;
    for (const [q, { id }] of questions.entries()) {
      const answers = table.get(id);
      if (answers === undefined) return `${run} has other questions in samples.jsonl than ${first.run}`;
      if (answers.samples !== samples) return `${run} has ${answers.samples} answers to ${id} instead of ${samples}`;
      const values = scores[q];
      if (values) values[t] = ((weights[q] ?? 0) * answers.correct) / samples;
    }
  }
  const contributions = scores.filter((values) => values.some((value) => value !== values[0]));
  const levels = runs.map((_, t) => contributions.reduce((sum, values) => sum + (values[t] ?? 0), 0));
  return { runs: runs.length, questions: questions.length, unsteady: contributions.length, contributions, levels };
}

/** Share of each question in the suite's headline: equal for all, or for all of a subject. */
function weightsOf({ average }: SuiteRecord, questions: readonly { readonly group: string }[]): number[] {
  if (average === 'micro') return questions.map(() => 1 / questions.length);
  const sizes = new Map<string, number>();
  for (const { group } of questions) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return questions.map(({ group }) => 1 / (sizes.size * (sizes.get(group) ?? 1)));
}

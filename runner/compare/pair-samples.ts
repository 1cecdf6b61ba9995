/** Samples of two runs side by side, and what each question and subject says about their difference. */
import type { SubjectPairs } from './paired-difference.js';
import type { StoredSample } from './stored-run.js';

export interface SamplePair {
  readonly baseline: StoredSample;
  readonly candidate: StoredSample;
}

/** The samples that both runs have, in the baseline's order. */
export function pairSamples(
  baseline: ReadonlyMap<string, StoredSample>,
  candidate: ReadonlyMap<string, StoredSample>,
): SamplePair[] {
  return [...baseline.values()].flatMap((sample) => {
    const other = candidate.get(sample.key);
    return other === undefined ? [] : [{ baseline: sample, candidate: other }];
  });
}

const isRight = ({ status }: StoredSample) => status === 'correct';

export const isLost = ({ baseline, candidate }: SamplePair) => isRight(baseline) && !isRight(candidate);
export const isGained = ({ baseline, candidate }: SamplePair) => !isRight(baseline) && isRight(candidate);

/** A question's samples: how many pairs there are, and candidate right less baseline right. */
interface Question {
  pairs: number;
  net: number;
}

export interface PairedQuestions {
  /** By subject, in the baseline's order. */
  readonly subjects: ReadonlyMap<string, SubjectPairs>;
  /** Questions whose mean score fell, and rose. */
  readonly worse: number;
  readonly better: number;
  readonly questions: number;
}

/** A question of several samples counts once, with the mean of its scores: samples of one question are no independent evidence. */
export function sumQuestions(pairs: readonly SamplePair[]): PairedQuestions {
  const subjects = new Map<string, Map<string, Question>>();
  for (const pair of pairs) {
    const { group, id } = pair.baseline;
    const questions = subjects.get(group) ?? new Map<string, Question>();
    subjects.set(group, questions);
    const question = questions.get(id) ?? { pairs: 0, net: 0 };
    questions.set(id, question);
    question.pairs += 1;
    question.net += Number(isGained(pair)) - Number(isLost(pair));
  }
  const all = [...subjects.values()].flatMap((questions) => [...questions.values()]);
  return {
    subjects: new Map([...subjects].map(([group, questions]) => [group, sumSubject([...questions.values()])])),
    worse: all.filter(({ net }) => net < 0).length,
    better: all.filter(({ net }) => net > 0).length,
    questions: all.length,
  };
}

function sumSubject(questions: readonly Question[]): SubjectPairs {
  let [worse, better, squares] = [0, 0, 0];
  for (const { pairs, net } of questions) {
    const x = net / pairs;
    if (x < 0) worse -= x;
    else better += x;
    squares += x * x;
  }
  return { n: questions.length, worse, better, squares };
}

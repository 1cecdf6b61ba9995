/** The verdict on one suite, and the sentence that explains it. */
import type { Verdict, VerdictReason } from './comparison.js';
import type { PairedDifference } from './paired-difference.js';
import { confidence } from './score-interval.js';
import { mostForNothing } from './sign-test.js';

/** Of a false regression by one limit, and, through Holm, of any among the suites. */
export const alpha = (1 - confidence) / 2;

export interface Defects {
  readonly missing: number;
  readonly engine_errors: number;
  readonly invalid: readonly string[];
}

export interface VerdictFacts {
  readonly difference: PairedDifference;
  readonly margin: number;
  /** After Holm's correction. */
  readonly pAdjusted: number;
  readonly defects: Defects;
  /** The candidate computes the very same thing; see `isIdentical`. */
  readonly identical: boolean;
  readonly questions: number;
  /** Questions that got worse or better. */
  readonly discordant: number;
  readonly questionsToDecide: number | null;
}

/**
 * Pass where the lower limit is above -margin, regression where the upper limit is below it and stays so among all suites, else
 * undecided. Samples that are missing or broken leave nothing to decide. Identical bits pass however few questions there are: the
 * interval is about what other questions would show, and there a function does not differ from itself.
 */
export function decide(facts: VerdictFacts): { verdict: Verdict; reason: VerdictReason } {
  const { difference, margin, pAdjusted, defects, identical, questionsToDecide } = facts;
  if (defects.missing > 0) return { verdict: 'undecided', reason: 'incomplete' };
  if (defects.engine_errors > 0) return { verdict: 'undecided', reason: 'engine-errors' };
  if (defects.invalid.length > 0) return { verdict: 'undecided', reason: 'invalid' };
  if (identical) return { verdict: 'pass', reason: 'identical' };
  if (difference.low > -margin) return { verdict: 'pass', reason: 'above-margin' };
  if (difference.high < -margin) {
    return pAdjusted <= alpha
      ? { verdict: 'regression', reason: 'below-margin' }
      : { verdict: 'undecided', reason: 'multiple-suites' };
  }
  return { verdict: 'undecided', reason: questionsToDecide === null ? 'on-the-margin' : 'too-few-questions' };
}

/** One or two sentences for people, with figures in points. */
export function explain(facts: VerdictFacts, reason: VerdictReason): string {
  const { difference, margin, pAdjusted, defects, questions, questionsToDecide } = facts;
  switch (reason) {
    case 'incomplete':
      return `${count(defects.missing, 'sample')} without a result: an unfinished run proves nothing. Finish it with "evalrun --resume RUN".`;
    case 'engine-errors':
      return `${count(defects.engine_errors, 'sample')} failed in the engine or the sandbox, not in the model, so the scores are not comparable.`;
    case 'invalid':
      return `A score that means nothing: ${defects.invalid.join('; ')}.`;
    case 'identical':
      return `The same bits in every sample of ${count(questions, 'question')}: the candidate computes the same.`;
    case 'above-margin':
      return `The drop is less than ${points(margin)}: at worst ${points(Math.max(0, -difference.low))}, with ${percent(1 - alpha)} confidence. ${cannotDecide(facts)}`.trim();
    case 'below-margin':
      return `The drop is more than ${points(margin)}: at least ${points(-difference.high)}, with ${percent(1 - alpha)} confidence.`;
    case 'multiple-suites':
      return `Below the margin by itself, but among several suites this happens by chance too often (p = ${pAdjusted.toFixed(3)} after Holm, more than ${alpha}).`;
    case 'on-the-margin':
      return `The difference lies on the tolerated drop of ${points(margin)} itself, so that no number of questions would decide.`;
    case 'too-few-questions':
      return `${limits(facts)} ${cannotDecide(facts)}About ${count(questionsToDecide ?? 0, 'question')} would decide, if the rates stay as they are.`;
  }
}

function limits({ difference, margin, questions }: VerdictFacts): string {
  const { low, high } = difference;
  return `${count(questions, 'question')} leave everything from ${signed(low)} to ${signed(high)} possible, on both sides of -${points(margin)}.`;
}

/** Few discordant questions: a test for any difference is hopeless then, while the limits above still hold. */
function cannotDecide({ discordant }: VerdictFacts): string {
  if (discordant > mostForNothing) return '';
  const changed = discordant === 0 ? 'None got worse or better' : `Only ${discordant} got worse or better`;
  return `${changed}: whether the runs differ at all cannot be decided (with ${mostForNothing} or fewer no test reaches p < 0.05). `;
}

const points = (ratio: number) => `${(ratio * 100).toFixed(ratio !== 0 && Math.abs(ratio) < 0.001 ? 3 : 2)} points`;
const signed = (ratio: number) => `${ratio < 0 ? '-' : '+'}${points(Math.abs(ratio))}`;
const percent = (ratio: number) => `${Number((ratio * 100).toFixed(1))} %`;

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}

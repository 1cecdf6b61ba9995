/** Chance for runs that ask the same questions: a question's shifts could as well have gone the other way. */
import type { Chance } from './change-points.js';
import { randomNumbers } from './random-numbers.js';

/** Each question's share in every run's accuracy: its score there times its weight. */
export interface QuestionScores {
  readonly runs: number;
  /** By question, then by run; questions that all runs answered alike may be left out. */
  readonly contributions: readonly Float64Array[];
}

/** Sequences are enumerated up to this many questions that chance can turn round, drawn beyond. */
const enumerated = 11;

/**
 * Turns the sign of each question's whole sequence round, independently. Under "nothing changed", a question is as likely to
 * be won as to be lost, whether its answer varies from run to run (sampling) or stays as a new build left it (arithmetic). For
 * two runs this is exactly McNemar's test.
 */
export function pairedChance({ contributions }: QuestionScores, start: number, end: number): Chance {
  const unsteady = contributions
    .map((values) => values.subarray(start, end))
    .filter((values) => values.some((value) => value !== values[0]));
  const sums = unsteady.map(runningSums);
  const isComplete = unsteady.length <= enumerated;
  const random = randomNumbers(1);
  let pattern = 0;
  return {
    draws: isComplete ? 2 ** unsteady.length : Number.POSITIVE_INFINITY,
    isComplete,
    draw(levels) {
      levels.fill(0);
      for (const [question, values] of unsteady.entries()) {
        const isTurned = isComplete ? (pattern >> question) & 1 : random() < 0.5;
        const sign = isTurned ? -1 : 1;
        for (let t = 0; t < levels.length; t++) levels[t] = (levels[t] ?? 0) + sign * (values[t] ?? 0);
      }
      pattern += 1;
    },
    // Signs are independent, so that the variances of the questions' own shifts add up.
    spreadOf({ start, split, end }) {
      let variance = 0;
      for (const sum of sums) {
        const here = sum[split] ?? 0;
        const after = ((sum[end] ?? 0) - here) / (end - split);
        const before = (here - (sum[start] ?? 0)) / (split - start);
        variance += (after - before) ** 2;
      }
      return Math.sqrt(variance);
    },
  };
}

/** Sums of the first 0, 1, 2, ... values. */
function runningSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (const [t, value] of values.entries()) sums[t + 1] = (sums[t] ?? 0) + value;
  return sums;
}

/** With fewer unsteady questions, even all of them going one way happens by chance more often than `alarmRate`. */
export function leastUnsteady(alarmRate: number): number {
  // Both directions: 2 of the 2^n patterns are as clear.
  return Math.ceil(1 - Math.log2(alarmRate));
}

/**
 * The difference of two levels over all questions, with a 95 % interval: Bonett and Price's adjusted Wald interval for paired
 * proportions (2012), one question more that went up and one that went down, which is of use with no or few changed questions.
 *
 * @param differences by question: weighted so that their mean is the difference of the levels; those left out are 0
 * @param n all questions
 */
export function pairedDifference(differences: readonly number[], n: number) {
  const z = 1.959963984540054;
  const sum = differences.reduce((total, value) => total + value, 0);
  const squares = differences.reduce((total, value) => total + value * value, 0) + 2;
  const centre = sum / (n + 2);
  const half = z * Math.sqrt((squares / (n + 2) - centre ** 2) / (n + 2));
  return { difference: sum / n, low: Math.max(-1, centre - half), high: Math.min(1, centre + half) };
}

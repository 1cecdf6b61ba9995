/** The difference of two runs on the same questions, with an interval that knows weights and clusters. */
import { type Interval, type PairCounts, scoreInterval, zTwoSided } from './score-interval.js';

/**
 * What the questions of one subject say. x of a question is the candidate's score less the baseline's, -1..1: a mean over its samples.
 */
export interface SubjectPairs {
  /** Questions. */
  readonly n: number;
  /** Sum of -x over the questions that got worse; their number where each question has one sample. */
  readonly worse: number;
  /** Sum of x over the questions that got better. */
  readonly better: number;
  /** Sum of x^2. */
  readonly squares: number;
}

export interface PairedDifference extends Interval {
  /** candidate - baseline, -1..1. */
  readonly difference: number;
  /** Independent, equally weighted pairs that have the same difference and the same standard error. */
  readonly effective: PairCounts;
  /** What the normal quantile is multiplied by, because a variance over few clusters is uncertain itself. */
  readonly inflation: number;
  /** Subjects taken as clusters; 0 where questions count as independent. */
  readonly clusters: number;
}

export interface DifferenceOptions {
  readonly average: 'micro' | 'macro';
  /** Samples of each question: at most so many independent pairs does a question stand for. Default 1. */
  readonly samples?: number;
}

/** Fewer subjects say too little about how subjects differ; their questions then count as independent. */
export const fewestClusters = 10;

/**
 * candidate - baseline with its 95 % interval: Tango's score interval for the effective number of pairs.
 *
 * A question weighs 1/N in the micro average and 1/(G n_g) in the macro average over G subjects. The variance is
 * - micro from 10 subjects on: cluster-robust over subjects, G/(G-1) sum((S_g - n_g d)^2) / N^2, with Student's quantile for G-1
 *   degrees of freedom (Miller 2024, arXiv 2411.00640, section 2.2);
 * - micro else: that of independent questions, (mean x^2 - d^2) / N;
 * - macro: subjects fixed, sum(s_g^2 / n_g) / G^2, as in the score of a single run.
 * The effective number of pairs gives independent pairs with the same weighted shares of worse and better this variance:
 * (worse + better - d^2) / variance, so that a design effect divides all counts (Rao and Scott 1992, Biometrics 48, 577-585). It is
 * at most Kish's 1 / sum(weight^2) times the samples, and Kish's where no pair disagrees, so that no variance can be seen.
 */
export function pairedDifference(subjects: readonly SubjectPairs[], options: DifferenceOptions): PairedDifference {
  const { average, samples = 1 } = options;
  const asked = subjects.filter(({ n }) => n > 0);
  const total = sumOf(asked, ({ n }) => n);
  const weight = (n: number) => (average === 'micro' ? 1 / total : 1 / (asked.length * n));
  const worse = sumOf(asked, (subject) => weight(subject.n) * subject.worse);
  const better = sumOf(asked, (subject) => weight(subject.n) * subject.better);
  const difference = better - worse;
  const clusters = average === 'micro' && asked.length >= fewestClusters ? asked.length : 0;
  const spread = worse + better - difference ** 2;
  const kish = total === 0 ? 0 : 1 / sumOf(asked, ({ n }) => n * weight(n) ** 2);
  const variance = varianceOf(asked, { average, clusters, difference, spread });
  const n = variance > 0 && spread > 0 ? Math.min(kish * samples, spread / variance) : kish;
  const effective = { n, worse: n * worse, better: n * better };
  const inflation = clusters > 0 ? studentQuantile(clusters - 1) / zTwoSided : 1;
  return { difference, ...scoreInterval(effective, inflation * zTwoSided), effective, inflation, clusters };
}

interface Shares {
  readonly average: 'micro' | 'macro';
  readonly clusters: number;
  readonly difference: number;
  readonly spread: number;
}

function varianceOf(subjects: readonly SubjectPairs[], { average, clusters, difference, spread }: Shares): number {
  const total = sumOf(subjects, ({ n }) => n);
  const groups = subjects.length;
  if (average === 'macro') {
    const variances = subjects.map(({ n, worse, better, squares }) => {
      // One question shows no variance within its subject; the shares over all subjects then stand in.
      if (n === 1) return spread;
      const mean = (better - worse) / n;
      return (squares / n - mean ** 2) / (n - 1);
    });
    return sumOf(variances, (variance) => variance) / groups ** 2;
  }
  if (clusters === 0) return (sumOf(subjects, ({ squares }) => squares) / total - difference ** 2) / total;
  const squares = sumOf(subjects, ({ n, worse, better }) => (better - worse - n * difference) ** 2);
  return ((groups / (groups - 1)) * squares) / total ** 2;
}

/**
 * The 97.5 % point of Student's t, from the normal one: the expansion of Abramowitz and Stegun 26.7.5, right to 1e-4 from 9 degrees of
 * freedom, which are the fewest here.
 */
export function studentQuantile(degrees: number): number {
  const z = zTwoSided;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, at) => sum + term / degrees ** (at + 1), z);
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

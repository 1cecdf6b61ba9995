/** Confidence intervals for proportions, for means of proportions over subjects, and for differences of two. */
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type { Estimate, MacroEstimate } from './run-summary.js';

/** Two-sided 95 %: the 97.5 % point of the standard normal distribution, 1.95996... */
const z = normalQuantile(0.975, 0, 1);

/** Right answers among those planned. */
export interface Count {
  readonly correct: number;
  readonly n: number;
}

/**
 * Wilson score interval of a proportion (Wilson 1927; no continuity correction), at 95 %.
 *
 * @example wilson({ correct: 0, n: 10 }) // { accuracy: 0, low: 0, high: 0.2775..., n: 10 }
 */
export function wilson({ correct, n }: Count): Estimate {
  if (n === 0) return { accuracy: 0, low: 0, high: 1, n };
  const p = correct / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  // The formula's own limits at 0 and n are exactly 0 and 1; rounding must not say otherwise.
  return {
    accuracy: p,
    low: correct === 0 ? 0 : Math.max(0, centre - half),
    high: correct === n ? 1 : Math.min(1, centre + half),
    n,
  };
}

/** All counts as one. */
export function pool(counts: readonly Count[]): Count {
  return {
    correct: counts.reduce((sum, count) => sum + count.correct, 0),
    n: counts.reduce((sum, count) => sum + count.n, 0),
  };
}

/**
 * The independent samples, not always a whole number, that would give the accuracy over all samples of these questions the standard
 * error that it has when questions are clusters: sqrt(sum of (correct - p n)^2) / N (Miller 2024, arXiv 2411.00640, section 2.2).
 *
 * Never fewer than the questions nor more than the samples. Where that error says nothing, with one question or with all or no
 * answers right, the questions count as one sample each. Questions of one sample each come back as `pool` has them.
 */
export function effectiveCount(questions: readonly Count[]): Count {
  const { correct, n } = pool(questions);
  if (n === questions.length) return { correct, n };
  const p = correct / n;
  const squares = questions.reduce((sum, question) => sum + (question.correct - p * question.n) ** 2, 0);
  const isBlind = questions.length === 1 || correct === 0 || correct === n;
  const independent = isBlind ? 0 : (p * (1 - p) * n * n) / squares;
  const effective = Math.min(n, Math.max(questions.length, independent));
  return { correct: p * effective, n: effective };
}

/** Accuracy over all samples of the questions; Wilson's interval for the effective number of samples. */
export function clusteredWilson(questions: readonly Count[]): Estimate {
  const { correct, n } = pool(questions);
  return { ...wilson(effectiveCount(questions)), accuracy: n === 0 ? 0 : correct / n, n };
}

/** `macroMean` of subjects given by their questions, whose samples are clusters. */
export function clusteredMacroMean(subjects: readonly (readonly Count[])[]): MacroEstimate {
  return { ...macroMean(subjects.map(effectiveCount)), n: pool(subjects.flat()).n };
}

/**
 * `clusteredMacroMean` of subjects that ask the same tasks, such as languages: what is hard in one is hard in the others, so that a
 * task is one cluster over all of them. `subjects` and `tasks` are the same answers, by question and by subject and task.
 *
 * With w = 1 / (subjects x samples of a subject), the variance is T / (T - 1) times the sum over tasks of (sum of w (x - p))^2, the
 * cluster-robust one (Miller 2024, section 2.2), and never less than if the subjects were independent.
 */
export function sharedTaskMacroMean(
  subjects: readonly (readonly Count[])[],
  tasks: readonly ReadonlyMap<string, Count>[],
): MacroEstimate {
  const independent = clusteredMacroMean(subjects);
  const totals = subjects.map(pool);
  const residuals = new Map<string, number>();
  for (const [at, subject] of tasks.entries()) {
    const { correct, n } = totals[at] ?? { correct: 0, n: 0 };
    for (const [task, count] of subject) {
      const residual = (count.correct - (correct / n) * count.n) / (independent.groups * n);
      residuals.set(task, (residuals.get(task) ?? 0) + residual);
    }
  }
  const squares = [...residuals.values()].reduce((sum, residual) => sum + residual ** 2, 0);
  const half = residuals.size < 2 ? 0 : z * Math.sqrt((squares * residuals.size) / (residuals.size - 1));
  const { accuracy, low, high } = independent;
  return {
    ...independent,
    low: Math.min(low, Math.max(0, accuracy - half)),
    high: Math.max(high, Math.min(1, accuracy + half)),
  };
}

/** How `sharedTaskMacroMean` changes an interval, for people who read the number. */
export const sharedTaskInterval = '; the subjects ask the same tasks, which are clusters over all of them';

/** How `effectiveCount` changes an interval, for people who read the number. */
export const clusterInterval =
  '; samples of a question are a cluster and count as the effective number of independent samples';

/** How `macroMean` computes its interval, for people who read the number. */
export const macroInterval =
  'normal 95 % interval from the standard errors of the subjects, which are taken as fixed and equally weighted; ' +
  'a subject answered all right or all wrong takes the variance of its Laplace-smoothed accuracy';

export const wilsonInterval = 'Wilson score interval, 95 %';

/**
 * Unweighted mean of the subjects' accuracies.
 *
 * The variance is the sum of the subjects' p(1-p)/(n-1), the unbiased estimate of p(1-p)/n, divided by the square of
 * the number of subjects. That is 0 for a subject answered all right or all wrong, which would make small perfect
 * runs look certain, so those take p'(1-p')/n with p' = (correct+1)/(n+2).
 */
export function macroMean(subjects: readonly Count[]): MacroEstimate {
  const asked = subjects.filter((subject) => subject.n > 0);
  const n = asked.reduce((sum, subject) => sum + subject.n, 0);
  if (asked.length === 0) return { accuracy: 0, low: 0, high: 1, n, groups: 0 };
  const mean = asked.reduce((sum, { correct, n }) => sum + correct / n, 0) / asked.length;
  const standardError = Math.sqrt(asked.reduce((sum, subject) => sum + variance(subject), 0)) / asked.length;
  return {
    accuracy: mean,
    low: Math.max(0, mean - z * standardError),
    high: Math.min(1, mean + z * standardError),
    n,
    groups: asked.length,
  };
}

function variance({ correct, n }: Count): number {
  const p = correct / n;
  if (correct > 0 && correct < n && n > 1) return (p * (1 - p)) / (n - 1);
  const smoothed = (correct + 1) / (n + 2);
  return (smoothed * (1 - smoothed)) / n;
}

export const differenceInterval =
  'MOVER: the 95 % limits of the parts combined as independent (Newcombe 1998, Zou and Donner 2008)';

/** Unweighted mean of independent estimates; its limits are the parts' limits combined by MOVER. */
export function meanOfEstimates(parts: readonly Estimate[]): Estimate {
  const mean = (value: (part: Estimate) => number) => parts.reduce((sum, p) => sum + value(p), 0) / parts.length;
  const spread = (value: (part: Estimate) => number) =>
    Math.sqrt(parts.reduce((sum, part) => sum + value(part) ** 2, 0)) / parts.length;
  const accuracy = mean((part) => part.accuracy);
  return {
    accuracy,
    low: accuracy - spread((part) => part.accuracy - part.low),
    high: accuracy + spread((part) => part.high - part.accuracy),
    n: parts.reduce((sum, part) => sum + part.n, 0),
  };
}

/** a - b for independent estimates; for two Wilson intervals this is Newcombe's hybrid score interval. */
export function differenceOf(a: Estimate, b: Estimate): { difference: number; low: number; high: number } {
  const difference = a.accuracy - b.accuracy;
  return {
    difference,
    low: difference - Math.hypot(a.accuracy - a.low, b.high - b.accuracy),
    high: difference + Math.hypot(a.high - a.accuracy, b.accuracy - b.low),
  };
}

/** How `pairedDifference` computes its interval, for people who read the number. */
export const pairedInterval =
  "paired by problem: Newcombe's square-and-add interval with the correlation of the pairs (1998, method 10), 95 %";

/**
 * a - b over paired questions (Newcombe 1998, Statistics in Medicine 17:2635, method 10): Wilson limits of both sides, added in
 * squares less twice their product times the correlation of the pairs, which is never taken for larger than the data show
 * (ad - bc is lowered by n/2, not below 0).
 *
 * @example 36 pairs both right, 12 a only, 2 b only, none neither: 0.2, from 0.0569 to 0.3404, as in the paper
 */
export function pairedDifference(pairs: readonly (readonly [a: Count, b: Count])[]): {
  difference: number;
  low: number;
  high: number;
} {
  const [a, b] = [clusteredWilson(pairs.map(([one]) => one)), clusteredWilson(pairs.map(([, other]) => other))];
  const phi = correlation(pairs.map(([x, y]) => [x.correct / x.n, y.correct / y.n]));
  const difference = a.accuracy - b.accuracy;
  const spread = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  return {
    difference,
    low: difference - spread(a.accuracy - a.low, b.high - b.accuracy),
    high: difference + spread(a.high - a.accuracy, b.accuracy - b.low),
  };
}

function correlation(pairs: readonly (readonly [x: number, y: number])[]): number {
  const n = pairs.length;
  const sum = (value: (x: number, y: number) => number) => pairs.reduce((total, [x, y]) => total + value(x, y), 0);
  const [sumX, sumY] = [sum((x) => x), sum((_, y) => y)];
  const together = n * sum((x, y) => x * y) - sumX * sumY;
  const spread = (n * sum((x) => x * x) - sumX ** 2) * (n * sum((_, y) => y * y) - sumY ** 2);
  if (spread <= 0) return 0;
  return (together > 0 ? Math.max(together - n / 2, 0) : together) / Math.sqrt(spread);
}

/** Tango's score interval for the difference of two paired proportions, which behaves where few or no pairs disagree. */
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';

/** Pairs of a comparison. Whole numbers, or effective numbers where pairs are weighted or clustered. */
export interface PairCounts {
  readonly n: number;
  /** Pairs that the baseline has right and the candidate wrong. */
  readonly worse: number;
  /** Pairs that the candidate has right and the baseline wrong. */
  readonly better: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 %, hence 97.5 % for each limit by itself. */
export const confidence = 0.95;
export const zTwoSided = normalQuantile((1 + confidence) / 2, 0, 1);

/**
 * The score statistic of H0: p(better) - p(worse) = `difference`, standard normal under H0; negative where the counts lie below.
 * The nuisance p(worse) is its maximum-likelihood estimate under H0, the larger root of
 * 2n p^2 + ((2n + worse - better) d - worse - better) p - worse d (1 - d) = 0.
 *
 * Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
 * Statistics in Medicine 17, 891-908.
 */
export function scoreStatistic({ n, worse, better }: PairCounts, difference: number): number {
  const a = 2 * n;
  const b = (2 * n + worse - better) * difference - worse - better;
  const c = -worse * difference * (1 - difference);
  const pWorse = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = n * Math.max(0, 2 * pWorse + difference * (1 - difference));
  const distance = better - worse - n * difference;
  // No variance is left only where H0 says that no pair can disagree.
  if (variance === 0) return distance === 0 ? 0 : Math.sign(distance) * Number.POSITIVE_INFINITY;
  return distance / Math.sqrt(variance);
}

/**
 * The differences, -1..1, that the score test does not reject: all `d` with |statistic| <= `critical` (default: two-sided 95 %).
 * Without any discordant pair the limits are -+z^2 / (n + z^2), never a single point.
 *
 * @example scoreInterval({ n: 500, worse: 0, better: 0 }) // { low: -0.0076, high: 0.0076 }
 */
export function scoreInterval(counts: PairCounts, critical: number = zTwoSided): Interval {
  if (!(counts.n > 0)) return { low: -1, high: 1 };
  const centre = (counts.better - counts.worse) / counts.n;
  return {
    low: limit(-1, centre, (d) => scoreStatistic(counts, d) > critical),
    high: limit(1, centre, (d) => scoreStatistic(counts, d) < -critical),
  };
}

/** The border between `outside`, where `isRejected` holds, and `inside`, to the last bits: the statistic is monotone in d. */
function limit(outside: number, inside: number, isRejected: (d: number) => boolean): number {
  if (!isRejected(outside)) return outside;
  let [rejected, kept] = [outside, inside];
  for (let halvings = 0; halvings < 60; halvings++) {
    const middle = (rejected + kept) / 2;
    if (middle === rejected || middle === kept) break;
    if (isRejected(middle)) rejected = middle;
    else kept = middle;
  }
  return kept;
}

/** One-sided p of H0: difference >= `margin`, small where the counts lie below it; `inflation` widens as `critical` above does. */
export function pBelow(counts: PairCounts, margin: number, inflation = 1): number {
  if (!(counts.n > 0)) return 1;
  return normalCdf(scoreStatistic(counts, margin) / inflation, 0, 1);
}

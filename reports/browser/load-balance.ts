/** How evenly tokens are spread over the experts of a layer. */

export interface LoadBalance {
  /** The busiest expert's tokens over the mean: 1 is even, the number of experts is one for all. */
  readonly maxOverMean: number;
  /** Entropy of the load over the logarithm of the number of experts: 1 is even, 0 is one for all. */
  readonly entropy: number;
  /** Experts that no token chose. */
  readonly unused: number;
}

export function loadBalance(counts: readonly number[]): LoadBalance {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || counts.length === 0) return { maxOverMean: 0, entropy: 0, unused: counts.length };
  const nats = counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / total) * Math.log(count / total)), 0);
  return {
    maxOverMean: (Math.max(...counts) * counts.length) / total,
    entropy: counts.length === 1 ? 1 : nats / Math.log(counts.length),
    unused: counts.filter((count) => count === 0).length,
  };
}

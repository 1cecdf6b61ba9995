/** Chance for runs of which only the scores are known: all draw from one accuracy. */
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import type { Count } from '../statistics.js';
import { pool } from '../statistics.js';
import type { Chance } from './change-points.js';
import { randomNumbers } from './random-numbers.js';

/**
 * Right answers drawn from a binomial distribution with the pooled accuracy. Two runs of the same questions differ less than that,
 * so that false alarms are rarer than stated, and small changes stay unseen.
 *
 * Neighbours only: a mean over many runs is not known better than one run where answers stay from run to run, and without the
 * answers nobody can tell whether they do.
 */
export function unpairedChance(counts: readonly Count[], start: number, end: number): Chance {
  const drawn = counts.slice(start, end);
  const { correct, n } = pool(drawn);
  const random = randomNumbers(2);
  const varianceOf = (t: number) => ((correct / n) * (1 - correct / n)) / (drawn[t]?.n ?? 1);
  const tables = new Map<number, Float64Array>();
  for (const count of drawn) if (!tables.has(count.n)) tables.set(count.n, cumulative(count.n, correct / n));
  return {
    draws: Number.POSITIVE_INFINITY,
    isComplete: false,
    draw(levels) {
      for (const [t, count] of drawn.entries()) {
        levels[t] = firstAbove(tables.get(count.n) ?? new Float64Array(), random()) / count.n;
      }
    },
    spreadOf({ start, split, end }) {
      return end - start === 2 ? Math.sqrt(varianceOf(start) + varianceOf(split)) : 0;
    },
  };
}

/** P(X <= x) for x = 0..n */
function cumulative(n: number, p: number): Float64Array {
  return Float64Array.from({ length: n + 1 }, (_, x) => binomialCdf(x, n, p));
}

/** Index of the first entry above `value`, by halving. */
function firstAbove(table: Float64Array, value: number): number {
  let [low, high] = [0, table.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table[middle] ?? 1) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

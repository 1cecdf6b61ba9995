/** Answers that changed between two runs, and how far the letters had to move for it. */
import type { Band, Flip } from './comparison.js';
import { isGained, isLost, type SamplePair } from './pair-samples.js';
import type { StoredSample } from './stored-run.js';

/** Every sample with another answer or another verdict, the largest margin first, those without one last. */
export function findFlips(pairs: readonly SamplePair[]): Flip[] {
  const flips = pairs.filter(isChanged).map((pair): Flip => {
    const { baseline, candidate } = pair;
    const margins = [baseline.margin, candidate.margin].filter((margin) => margin !== null);
    return {
      sample: baseline.key,
      group: baseline.group,
      kind: isLost(pair) ? 'lost' : isGained(pair) ? 'gained' : 'changed',
      target: baseline.target,
      baseline: sideOf(baseline),
      candidate: sideOf(candidate),
      size: margins.length === 2 ? Math.max(...margins) : null,
    };
  });
  return flips.sort((a, b) => (b.size ?? -1) - (a.size ?? -1));
}

export function isChanged({ baseline, candidate }: SamplePair): boolean {
  return baseline.answer !== candidate.answer || (baseline.status === 'correct') !== (candidate.status === 'correct');
}

function sideOf({ answer, status, margin }: StoredSample): Flip['baseline'] {
  return { answer, status, margin };
}

/**
 * Nats at which a flip means something else. Rounding moves log-probabilities by hundredths, so that a flip below 0.1 was a tie; from 3
 * on a letter twenty times as probable as the next lost its place, which no precision explains.
 */
export const flipLimits = [0.1, 0.5, 1, 3] as const;

/** Flips with a size, by size. */
export function flipBands(flips: readonly Flip[]): Band[] {
  const sizes = flips.flatMap(({ size }) => (size === null ? [] : [size]));
  return sizes.length === 0 ? [] : countBands(sizes, [0, ...flipLimits, null]);
}

/** Values counted between `limits`, lower limit included; null is no limit. */
export function countBands(values: readonly number[], limits: readonly (number | null)[]): Band[] {
  return limits.slice(1).map((to, at) => {
    const from = limits[at] ?? null;
    const count = values.filter((value) => (from === null || value >= from) && (to === null || value < to)).length;
    return { from, to, count };
  });
}

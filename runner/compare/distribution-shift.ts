/** How far the probabilities of the answer letters moved: sees a broken expert long before the accuracy does. */
import type { DistributionShift } from './comparison.js';
import { countBands } from './flips.js';
import type { SamplePair } from './pair-samples.js';

/** Nats; rounding of BF16 is hundredths, of FP8 tenths. */
const limits = [null, -3, -1, -0.3, -0.1, -0.03, -0.01, 0, 0.01, 0.03, 0.1, 0.3, 1, 3, null];

const mostWorst = 20;

interface Divergence {
  readonly sample: string;
  readonly group: string;
  readonly kl: number;
  readonly js: number;
}

/** Null without any sample whose letters have finite log-probabilities in both runs. */
export function distributionShift(pairs: readonly SamplePair[]): DistributionShift | null {
  const moved: number[] = [];
  const divergences: Divergence[] = [];
  let sameBits = 0;
  for (const { baseline, candidate } of pairs) {
    const logProbs = finiteLogProbs(baseline.choices, candidate.choices);
    if (logProbs === undefined) continue;
    const [p, q] = logProbs;
    for (const [at, value] of p.entries()) {
      const change = (q[at] ?? 0) - value;
      if (change === 0) sameBits += 1;
      else moved.push(change);
    }
    divergences.push({ sample: baseline.key, group: baseline.group, ...divergence(p, q) });
  }
  if (divergences.length === 0) return null;
  const byGroup = new Map<string, Divergence[]>();
  for (const found of divergences) {
    const members = byGroup.get(found.group);
    if (members === undefined) byGroup.set(found.group, [found]);
    else members.push(found);
  }
  return {
    samples: divergences.length,
    same_bits: sameBits,
    histogram: countBands(moved, limits),
    largest: moved.reduce((most, change) => Math.max(most, Math.abs(change)), 0),
    kl: mean(divergences, ({ kl }) => kl),
    js: mean(divergences, ({ js }) => js),
    groups: Object.fromEntries(
      [...byGroup].map(([group, all]) => [
        group,
        { samples: all.length, kl: mean(all, ({ kl }) => kl), js: mean(all, ({ js }) => js) },
      ]),
    ),
    worst: divergences
      .filter(({ kl }) => kl > 0)
      .sort((a, b) => b.kl - a.kl)
      .slice(0, mostWorst)
      .map(({ sample, kl, js }) => ({ sample, kl, js })),
  };
}

type Choices = Readonly<Record<string, number | null>> | null;

/** Of the same labels in the same order, or undefined. */
function finiteLogProbs(a: Choices, b: Choices): [number[], number[]] | undefined {
  if (a === null || b === null) return undefined;
  const labels = Object.keys(a);
  if (labels.length === 0 || labels.length !== Object.keys(b).length) return undefined;
  const [p, q] = [labels.map((label) => a[label]), labels.map((label) => b[label])];
  const areFinite = (values: (number | null | undefined)[]): values is number[] =>
    values.every((value) => typeof value === 'number' && Number.isFinite(value));
  return areFinite(p) && areFinite(q) ? [p, q] : undefined;
}

/**
 * KL(p || q) and the Jensen-Shannon divergence, nats, of the distributions over the letters alone. Where bits are the same they are 0.
 *
 * @example divergence([Math.log(0.5), Math.log(0.5)], [Math.log(0.9), Math.log(0.1)]).kl // 0.5 ln(0.5/0.9) + 0.5 ln(0.5/0.1)
 */
export function divergence(p: readonly number[], q: readonly number[]): { kl: number; js: number } {
  const [a, b] = [logSoftmax(p), logSoftmax(q)];
  let [kl, js] = [0, 0];
  for (const [at, logA] of a.entries()) {
    const logB = b[at] ?? 0;
    const logMiddle = Math.log((Math.exp(logA) + Math.exp(logB)) / 2);
    kl += Math.exp(logA) * (logA - logB);
    // A probability that is 0 in both adds nothing.
    if (Number.isFinite(logMiddle)) {
      js += (Math.exp(logA) * (logA - logMiddle) + Math.exp(logB) * (logB - logMiddle)) / 2;
    }
  }
  // Neither is negative but for rounding.
  return { kl: Math.max(0, kl), js: Math.max(0, js) };
}

function logSoftmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most;
  return values.map((value) => value - total);
}

function mean<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0) / items.length;
}

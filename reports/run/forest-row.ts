/** A row of a forest plot: an estimate as numbers and as places along an axis from 0 to 100 %. */
import type { Estimate } from '../../runner/run-summary.js';
import { renderCount, renderInterval, renderPercent } from '../quantity.js';
import type { TextRef } from '../text.js';

export interface ForestRow {
  readonly name: TextRef;
  readonly n: string;
  readonly accuracy: string;
  readonly interval: string;
  /** For sorting. */
  readonly value: number;
  readonly count: number;
  /** Places in percent of the width. */
  readonly bar: { readonly low: string; readonly at: string; readonly high: string; readonly chance: string };
  readonly isHeadline: boolean;
}

export interface ForestRowOptions {
  /** Accuracy of guessing, 0..1; null where nothing can be guessed. */
  readonly chance: number | null;
  readonly isHeadline?: boolean;
}

export function forestRow(
  name: TextRef,
  estimate: Estimate,
  { chance, isHeadline = false }: ForestRowOptions,
): ForestRow {
  const { accuracy, low, high, n } = estimate;
  return {
    name,
    n: renderCount(n),
    accuracy: renderPercent(accuracy),
    interval: renderInterval(estimate),
    value: accuracy,
    count: n,
    bar: { low: place(low), at: place(accuracy), high: place(high), chance: chance === null ? '' : place(chance) },
    isHeadline,
  };
}

export function place(ratio: number): string {
  return `${(Math.min(1, Math.max(0, ratio)) * 100).toFixed(2)}%`;
}

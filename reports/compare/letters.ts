/** How the probabilities of the answer letters moved, by size, by subject and by sample. */
import type { Comparison, DistributionShift } from '../../runner/compare/comparison.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderCount } from '../quantity.js';
import { suiteName } from '../run/suite-name.js';
import { raw, text } from '../text.js';
import { bandText } from './flips.js';
import type { CompareSection } from './section.js';

/** Null where no suite is answered by letters. */
export function letters({ suites }: Comparison): CompareSection | null {
  const list = Object.entries(suites).flatMap(([name, { shift }]) => (shift === null ? [] : [{ name, shift }]));
  if (list.length === 0) return null;
  return {
    id: 'letters',
    title: text('moved.title'),
    view: { suites: list.map(({ name, shift }, at) => viewOf(name, shift, at)) },
    charts: list.flatMap(({ name, shift }, at) => (shift.largest === 0 ? [] : [chartOf(name, shift, at)])),
  };
}

function viewOf(name: string, shift: DistributionShift, at: number) {
  const { samples, kl, js, largest, same_bits: same, worst } = shift;
  const isSame = largest === 0;
  return {
    name: suiteName(name),
    sums: isSame
      ? text('moved.same', { samples: renderCount(samples) })
      : text('moved.sums', {
          kl: kl.toPrecision(3),
          js: js.toPrecision(3),
          samples: renderCount(samples),
          largest: largest.toPrecision(3),
          same: renderCount(same),
        }),
    chart: isSame ? null : shiftChart(at),
    worst: isSame
      ? []
      : worst.map((one) => ({ name: one.sample, kl: one.kl.toPrecision(3), js: one.js.toPrecision(3) })),
  };
}

const shiftChart = (at: number) => `letter-shift-${at}`;

function chartOf(name: string, { histogram }: DistributionShift, at: number): ChartSpec {
  return {
    id: shiftChart(at),
    kind: 'columns',
    title: text('moved.chart'),
    x: { label: text('moved.chart'), unit: 'number', categories: histogram.map((band) => raw(bandText(band))) },
    y: { label: text('moved.count'), unit: 'number' },
    series: [{ label: raw(suiteName(name)), points: histogram.map(({ count }, x) => ({ x, y: count })) }],
  };
}

/** Every answer that changed, by how far the letters had to move. */
import type { Band, Comparison, Flip, SuiteComparison } from '../../runner/compare/comparison.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderCount } from '../quantity.js';
import { suiteName } from '../run/suite-name.js';
import { raw, text } from '../text.js';
import { clipText } from '../visible-text.js';
import type { CompareSection } from './section.js';

/** More are in the JSON of the comparison: a page of a million rows opens nowhere. */
const shownFlips = 1000;
const longestAnswer = 60;

export function flips({ suites }: Comparison): CompareSection {
  const list = Object.entries(suites);
  const charts = list.flatMap(([name, suite], at) => chartOf(name, suite, at));
  return {
    id: 'flips',
    title: text('flips.title'),
    view: { suites: list.map(([name, suite], at) => viewOf(name, suite, at)), hasBands: charts.length > 0 },
    charts,
  };
}

function viewOf(name: string, suite: SuiteComparison, at: number) {
  const { worse, better, answers_changed: changed, flip_list: list } = suite;
  const shown = list.slice(0, shownFlips);
  return {
    name: suiteName(name),
    counts: text('flips.counts', {
      lost: renderCount(worse),
      gained: renderCount(better),
      changed: renderCount(changed),
    }),
    chart: hasBands(suite) ? bandChart(at) : null,
    isMeasured: list.some(({ size }) => size !== null),
    rows: shown.map(rowOf),
    more: list.length > shown.length ? text('flips.more', { shown: shown.length, n: renderCount(list.length) }) : null,
  };
}

function rowOf({ sample, kind, target, baseline, candidate, size }: Flip) {
  const margin = (value: number | null) => (value === null ? '' : value.toFixed(2));
  return {
    sample,
    kind: text(`flips.${kind}`),
    tone: kind === 'lost' ? 'bad' : kind === 'gained' ? 'good' : 'muted',
    target: cut(target),
    before: cut(baseline.answer),
    after: cut(candidate.answer),
    margins: size === null ? '' : `${margin(baseline.margin)} → ${margin(candidate.margin)}`,
    size: size === null ? '' : size.toFixed(2),
    value: size ?? 0,
  };
}

function cut(answer: string | null): string {
  if (answer === null) return '–';
  const { text: shown, left } = clipText(answer, longestAnswer);
  return left > 0 ? `${shown}…` : shown;
}

const bandChart = (at: number) => `flip-bands-${at}`;
const hasBands = ({ flip_bands: bands }: SuiteComparison) => bands.some(({ count }) => count > 0);

function chartOf(name: string, suite: SuiteComparison, at: number): ChartSpec[] {
  if (!hasBands(suite)) return [];
  const { flip_bands: bands } = suite;
  return [
    {
      id: bandChart(at),
      kind: 'columns',
      title: text('flips.bands'),
      x: { label: text('arms.nats'), unit: 'number', categories: bands.map((band) => raw(bandText(band))) },
      y: { unit: 'number' },
      series: [{ label: raw(suiteName(name)), points: bands.map(({ count }, x) => ({ x, y: count })) }],
    },
  ];
}

/** `0.1 – 0.5`, `≥ 3`, `< 0.1` */
export function bandText({ from, to }: Band): string {
  if (from === null) return `< ${to}`;
  return to === null ? `≥ ${from}` : `${from} – ${to}`;
}

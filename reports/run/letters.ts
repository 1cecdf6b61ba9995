/** Letter bias: how often each label is answered, and how often it is right. */
import type { RunReportData } from '../../runner/report-data.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderCount } from '../quantity.js';
import { raw, text } from '../text.js';
import type { RunSection } from './section.js';
import { suiteName } from './suite-name.js';

export function letters({ metrics }: RunReportData): RunSection | null {
  const suites = Object.entries(metrics.suites).flatMap(([name, { letters }]) => {
    if (letters === null || Object.keys(letters.keyed).length === 0) return [];
    const labels = Object.keys(letters.keyed);
    const predicted = labels.map((label) => letters.predicted[label] ?? 0);
    const keyed = labels.map((label) => letters.keyed[label] ?? 0);
    const id = `letters-${name}`;
    const chart: ChartSpec = {
      id,
      kind: 'columns',
      title: text('letters.chart', { suite: suiteName(name) }),
      x: { unit: 'number', categories: labels.map(raw) },
      y: { label: text('letters.samples'), unit: 'number' },
      series: [
        { label: text('letters.predicted'), points: predicted.map((y, x) => ({ x, y })) },
        { label: text('letters.keyed'), points: keyed.map((y, x) => ({ x, y })), colour: 6 },
      ],
    };
    const rows = labels.map((label, at) => ({
      label,
      predicted: renderCount(predicted[at] ?? 0),
      keyed: renderCount(keyed[at] ?? 0),
    }));
    return [{ name: suiteName(name), id, rows, chart }];
  });
  if (suites.length === 0) return null;
  return {
    id: 'letters',
    title: text('letters.title'),
    view: { suites },
    charts: suites.map(({ chart }) => chart),
  };
}

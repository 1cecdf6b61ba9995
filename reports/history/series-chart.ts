/** The chart of one series: accuracies with their intervals over the runs, and the levels between changes. */
import type { HistorySeries } from '../../runner/history/history-data.js';
import type { ChartPoint, ChartSeries, ChartSpec } from '../chart-spec.js';
import { raw, text } from '../text.js';

/** With more runs than this, the whiskers of the intervals would be a grey wall. */
const mostWhiskers = 60;

export function seriesChart(series: HistorySeries, id: string): ChartSpec {
  const { points } = series;
  const accuracies = points
    .flatMap(({ accuracy, low, high, excluded }) => (excluded === null ? [accuracy, low, high] : [accuracy]))
    .filter((value) => value !== null);
  const [least, most] = accuracies.length === 0 ? [0, 1] : [Math.min(...accuracies), Math.max(...accuracies)];
  const hasWhiskers = points.length <= mostWhiskers;
  return {
    id,
    kind: 'line',
    title: text('history.chart'),
    x: {
      label: text('history.axis'),
      unit: 'number',
      categories: dates(series).map(raw),
    },
    // Trends are small: the axis shows where the runs are, not all from 0 to 1.
    y: {
      unit: 'ratio',
      min: Math.max(0, Math.floor((least - 0.01) * 20) / 20),
      max: Math.min(1, Math.ceil((most + 0.01) * 20) / 20),
    },
    series: [
      {
        label: text('history.counted'),
        colour: 0,
        points: points.map(({ accuracy, low, high, excluded }, x): ChartPoint => {
          const interval = hasWhiskers && excluded === null && low !== null && high !== null ? { low, high } : {};
          return { x, y: excluded === null ? accuracy : null, ...interval };
        }),
      },
      ...(series.changes.length === 0 ? [] : [{ label: text('history.level'), points: levels(series), colour: 1 }]),
      ...(points.every(({ excluded }) => excluded === null) ? [] : [hollowRuns(series)]),
    ],
  };
}

/** The mean accuracy of each stretch between changes, at each of its runs. */
function levels({ points, changes }: HistorySeries): ChartPoint[] {
  const starts = new Set(changes.map(({ run }) => run));
  const stretches: { x: number; accuracy: number | null }[][] = [[]];
  for (const [x, { run, accuracy, excluded }] of points.entries()) {
    if (starts.has(run)) stretches.push([]);
    stretches[stretches.length - 1]?.push({ x, accuracy: excluded === null ? accuracy : null });
  }
  return stretches.flatMap((stretch) => {
    const known = stretch.map(({ accuracy }) => accuracy).filter((value) => value !== null);
    const y = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
    return stretch.map(({ x }) => ({ x, y }));
  });
}

/** A series of its own, so that no line leads to them. */
function hollowRuns({ points }: HistorySeries): ChartSeries {
  return {
    label: text('history.hollow'),
    colour: 6,
    points: points.map(({ accuracy, excluded }, x) => ({ x, y: excluded === null ? null : accuracy, hollow: true })),
  };
}

/** Days, with the time where a day has several runs; a diamond where the level changes. */
function dates({ points, changes }: HistorySeries): string[] {
  const days = new Set(points.map(({ created }) => created.slice(0, 10)));
  const digits = days.size === points.length ? 10 : 16;
  const starts = new Set(changes.map(({ run }) => run));
  return points.map(({ run, created }) => (starts.has(run) ? '◆ ' : '') + created.slice(0, digits).replace('T', ' '));
}

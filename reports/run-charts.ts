/** The charts of a run that stand alone, for PNG files. */
import type { RunReportData } from '../runner/report-data.js';
import type { ChartPoint, ChartSpec } from './chart-spec.js';
import { memoryChart } from './run/memory.js';
import { groupName, suiteName } from './run/suite-name.js';
import { throughputChart } from './run/throughput.js';
import { raw, type TextRef, text } from './text.js';

export interface NamedChart {
  /** For a file's name. */
  readonly name: string;
  readonly spec: ChartSpec;
}

/** Scores always; throughput and memory where telemetry has them. */
export function runCharts(run: RunReportData): NamedChart[] {
  const charts: [string, ChartSpec | null][] = [
    ['scores', scoresChart(run)],
    ['throughput', throughputChart(run)],
    ['memory', memoryChart(run)],
  ];
  return charts.flatMap(([name, spec]) => (spec === null ? [] : [{ name, spec }]));
}

/** Each suite with its categories, or its subjects where it has no categories; the whiskers are 95 % intervals. */
export function scoresChart({ metrics }: RunReportData): ChartSpec {
  const categories: TextRef[] = [];
  const suites: ChartPoint[] = [];
  const parts: ChartPoint[] = [];
  const add = (
    points: ChartPoint[],
    name: string,
    { accuracy, low, high }: { accuracy: number; low: number; high: number },
  ) => {
    points.push({ x: categories.length, y: accuracy, low, high });
    categories.push(raw(name));
  };
  for (const [name, suite] of Object.entries(metrics.suites)) {
    add(suites, suiteName(name), suite);
    const groups = Object.entries(suite.categories);
    const shown = groups.length > 0 ? groups : Object.entries(suite.groups);
    if (shown.length > 1)
      for (const [group, estimate] of shown) add(parts, `${suiteName(name)}: ${groupName(group)}`, estimate);
  }
  return {
    id: 'scores-chart',
    kind: 'rows',
    title: text('scores.chart', { model: metrics.model }),
    x: { unit: 'number', categories },
    y: { unit: 'ratio', min: 0, max: 1 },
    series: [
      { label: text('scores.suites'), points: suites },
      ...(parts.length > 0 ? [{ label: text('scores.parts'), points: parts }] : []),
    ],
  };
}

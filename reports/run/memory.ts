/** Memory over time by what it holds, and what a token costs in the KV cache against multi-head attention. */
import type { RunReportData } from '../../runner/report-data.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderBytes, renderCount, renderPercent } from '../quantity.js';
import { raw, text } from '../text.js';
import { place } from './forest-row.js';
import type { Fact, RunSection } from './section.js';
import { type TimeBin, timeBins } from './time-bins.js';

export function memory(data: RunReportData): RunSection {
  const chart = memoryChart(data);
  return {
    id: 'memory',
    title: text('memory.title'),
    view: { chart: chart?.id ?? null, facts: factsOf(data), cache: cacheOf(data) },
    charts: chart === null ? [] : [chart],
  };
}

export function memoryChart({ telemetry }: RunReportData): ChartSpec | null {
  const bins = timeBins(telemetry?.intervals ?? []);
  if (bins.length === 0) return null;
  const points = (value: (bin: TimeBin) => number) => bins.map((bin) => ({ x: bin.seconds, y: value(bin) }));
  return {
    id: 'memory-chart',
    kind: 'stack',
    title: text('memory.chart'),
    x: { label: text('throughput.time'), unit: 'seconds' },
    y: { unit: 'bytes', min: 0 },
    series: [
      { label: text('memory.weights'), points: points((bin) => bin.weightBytes) },
      { label: text('memory.kv'), points: points((bin) => bin.kvBytes) },
      { label: text('memory.workspace'), points: points((bin) => bin.workspaceBytes) },
    ],
  };
}

function factsOf({ telemetry }: RunReportData): Fact[] {
  const intervals = telemetry?.intervals ?? [];
  if (intervals.length === 0) return [];
  const most = (value: (interval: (typeof intervals)[number]) => number) =>
    raw(renderBytes(intervals.reduce((most, interval) => Math.max(most, value(interval)), 0)));
  return [
    { name: text('memory.weights'), value: most((interval) => interval.weightBytes) },
    { name: text('memory.kv'), value: most((interval) => interval.kvBytes) },
    { name: text('memory.workspace'), value: most((interval) => interval.workspaceBytes) },
    { name: text('memory.resident'), value: most((interval) => interval.residentBytes) },
  ];
}

function cacheOf({ record }: RunReportData) {
  const { kv_bytes_per_token: own, mha_bytes_per_token: mha } = record.engine;
  if (own === undefined || mha === undefined) return null;
  const most = Math.max(own, mha);
  return {
    rows: [
      { name: text('memory.this-model'), bytes: renderCount(own), width: place(own / most) },
      { name: text('memory.own-mha'), bytes: renderCount(mha), width: place(mha / most) },
    ],
    sentence:
      own < mha
        ? text('memory.saves', { share: renderPercent(1 - own / mha), factor: (mha / own).toFixed(1) })
        : text('memory.same'),
  };
}

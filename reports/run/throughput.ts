/** Tokens per second over time, prompts and answers apart. */
import type { EngineInterval, RunReportData } from '../../runner/report-data.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderCount, renderDuration, renderRate } from '../quantity.js';
import { raw, text } from '../text.js';
import type { Fact, RunSection } from './section.js';
import { timeBins } from './time-bins.js';

export function throughput(data: RunReportData): RunSection {
  const chart = throughputChart(data);
  return {
    id: 'throughput',
    title: text('throughput.title'),
    view: { chart: chart?.id ?? null, facts: factsOf(data) },
    charts: chart === null ? [] : [chart],
  };
}

export function throughputChart({ telemetry }: RunReportData): ChartSpec | null {
  const bins = timeBins(telemetry?.intervals ?? []);
  if (bins.length === 0) return null;
  const series = [
    { label: text('throughput.prefill'), points: bins.map((bin) => ({ x: bin.seconds, y: bin.prefillPerSecond })) },
    { label: text('throughput.decode'), points: bins.map((bin) => ({ x: bin.seconds, y: bin.decodePerSecond })) },
  ];
  return {
    id: 'throughput-chart',
    kind: 'line',
    title: text('throughput.chart'),
    x: { label: text('throughput.time'), unit: 'seconds' },
    y: { label: text('throughput.rate'), unit: 'number', min: 0 },
    // A run that generates nothing has no second line.
    series: series.filter(({ points }, at) => at === 0 || points.some(({ y }) => y > 0)),
  };
}

function factsOf({ telemetry, metrics }: RunReportData): Fact[] {
  const facts: Fact[] = [];
  const suites = Object.values(metrics.suites);
  const total = (value: (suite: (typeof suites)[number]) => number) =>
    suites.reduce((sum, suite) => sum + value(suite), 0);
  const asked = total(({ prompt_tokens }) => prompt_tokens.asked);
  const computed = total(({ prompt_tokens }) => prompt_tokens.computed);
  facts.push({
    name: text('throughput.prompts'),
    value: text('throughput.prompts-value', {
      asked: renderCount(asked),
      computed: renderCount(computed),
      factor: computed === 0 ? '1.0' : (asked / computed).toFixed(1),
    }),
  });
  if (telemetry === null) return facts;
  const { seconds, intervals, samples } = telemetry;
  const busy = intervals.reduce((sum, { duration }) => sum + duration, 0);
  const rate = (tokens: (interval: EngineInterval) => number) =>
    renderRate(intervals.reduce((sum, interval) => sum + tokens(interval), 0) / Math.max(busy, 1e-3));
  const work = { time: renderDuration(seconds), samples: renderCount(samples.size) };
  facts.push({ name: text('throughput.work'), value: text('throughput.work-value', work) });
  if (intervals.length > 0) {
    const rates = { prefill: rate((i) => i.prefillTokens), decode: rate((i) => i.decodeTokens) };
    const key = intervals.some((i) => i.decodeTokens > 0) ? 'throughput.mean-value' : 'throughput.mean-prompts';
    facts.push({ name: text('throughput.mean'), value: text(key, rates) });
  }
  const energy = energyJoules(intervals);
  facts.push({
    name: text('throughput.energy'),
    value: energy === null ? text('not-recorded') : raw(renderEnergy(energy)),
  });
  return facts;
}

/** Of the whole run; null unless every interval has it, because a part would pass for the whole. */
export function energyJoules(intervals: readonly EngineInterval[]): number | null {
  if (intervals.length === 0 || intervals.some((interval) => interval.energyJoules === null)) return null;
  return intervals.reduce((sum, interval) => sum + (interval.energyJoules ?? 0), 0);
}

export function renderEnergy(joules: number): string {
  return joules >= 3.6e6 ? `${(joules / 3.6e6).toFixed(2)} kWh` : `${(joules / 3600).toFixed(2)} Wh`;
}

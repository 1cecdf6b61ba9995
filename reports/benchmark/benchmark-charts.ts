/** The charts of a measurement: speed of prompts and of decoding, shares of the machine's limits, memory. */
import { arithmeticLimit, type BenchmarkResult } from '../../engine/benchmark/benchmark-result.js';
import type { Spread } from '../../engine/benchmark/spread.js';
import type { ChartPoint, ChartSpec } from '../chart-spec.js';
import { raw, type TextRef, text } from '../text.js';

/** Those that have anything to show; their ids are also names of files. */
export function benchmarkCharts(result: BenchmarkResult): ChartSpec[] {
  const { model, dtype } = result;
  const name = { model, dtype };
  return [
    speedChart('prefill', {
      title: text('bench.prefill.chart', name),
      axis: text('bench.prefill.axis'),
      points: result.prefill.map(({ promptTokens, tokensPerSecond }) => [promptTokens, tokensPerSecond]),
    }),
    speedChart('decode', {
      title: text('bench.decode.chart', name),
      axis: text('bench.decode.axis'),
      points: result.decode.map(({ batch, tokensPerSecond }) => [batch, tokensPerSecond]),
    }),
    limitsChart(result),
    memoryChart(result),
  ].filter(({ x }) => x.categories?.length !== 0);
}

interface SpeedView {
  readonly title: TextRef;
  readonly axis: TextRef;
  /** Prompt length or batch, with its rate. */
  readonly points: readonly (readonly [size: number, tokensPerSecond: Spread])[];
}

/** Columns of the medians; whiskers from the least to the most. */
function speedChart(id: string, { title, axis, points }: SpeedView): ChartSpec {
  return {
    id,
    kind: 'columns',
    title,
    x: { label: axis, unit: 'number', categories: points.map(([size]) => raw(size.toLocaleString('en-US'))) },
    y: { label: text('bench.rate'), unit: 'number', min: 0 },
    series: [{ label: text('bench.rate'), points: points.map(([, rate], x) => spreadPoint(x, rate)) }],
  };
}

/** Prompts against arithmetic, decoding against reading memory. */
function limitsChart(result: BenchmarkResult): ChartSpec {
  const { prefill, decode, limits, model, dtype } = result;
  const arithmetic = arithmeticLimit(result);
  return {
    id: 'limits',
    kind: 'rows',
    title: text('bench.limits.chart', { model, dtype }),
    x: {
      unit: 'number',
      categories: [
        ...prefill.map(({ promptTokens }) => text('bench.prompt', { n: promptTokens.toLocaleString('en-US') })),
        ...decode.map(({ batch }) => text('bench.at-once', { n: batch })),
      ],
    },
    y: { unit: 'ratio', min: 0, max: 1 },
    series: [
      {
        label: text('bench.arithmetic'),
        points: prefill.map(({ flops }, x) => spreadPoint(x, shareOf(flops, arithmetic))),
      },
      {
        label: text('bench.reading'),
        points: decode.map(({ readBytes }, i) => spreadPoint(prefill.length + i, shareOf(readBytes, limits.readBytes))),
      },
    ],
  };
}

function memoryChart({
  model,
  dtype,
  weightBytes,
  kvBytes,
  workspaceBytes,
  peakResidentBytes,
}: BenchmarkResult): ChartSpec {
  const parts: [TextRef, number][] = [
    [text('bench.weights'), weightBytes],
    [text('bench.kv'), kvBytes],
    [text('bench.workspace'), workspaceBytes],
    [text('bench.resident'), peakResidentBytes],
  ];
  return {
    id: 'memory',
    kind: 'rows',
    title: text('bench.memory.chart', { model, dtype }),
    x: { unit: 'number', categories: parts.map(([name]) => name) },
    y: { unit: 'bytes', min: 0 },
    series: [{ label: text('bench.memory'), points: parts.map(([, y], x) => ({ x, y })) }],
  };
}

function spreadPoint(x: number, { median, least, most }: Spread): ChartPoint {
  return { x, y: median, low: least, high: most };
}

function shareOf({ median, least, most, repeats }: Spread, limit: number): Spread {
  return { median: median / limit, least: least / limit, most: most / limit, repeats };
}

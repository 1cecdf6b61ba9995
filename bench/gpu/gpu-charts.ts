/** The charts of one GPU's results: plain data in, chart specs out. */
import type { ChartSpec } from '../../reports/chart-spec.js';
import { raw } from '../../reports/text.js';

type Value = number | string | boolean | null;
type Row = Readonly<Record<string, Value>>;

/** What gpu-check.sh writes; each stage's records as native/check names them. */
export interface GpuResult {
  readonly schema: 1;
  readonly gpu: string;
  readonly stages: readonly { readonly name: string; readonly status: string; readonly seconds: number }[];
  readonly records: Readonly<Record<string, readonly Row[]>>;
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** By the end of a stage's name: how its shapes are computed otherwise than by default. */
const OTHERWISE: Readonly<Record<string, string>> = {
  '-wgmma': 'by wgmma',
  '-mma-attention': 'with attention by mma',
  '-apart': 'one op to a launch',
  '-split-4': 'in splits of four pages',
};

/** Only charts that the result has numbers for. */
export function gpuCharts(result: GpuResult): ChartSpec[] {
  // The same shapes are measured once more with what is not so by default.
  const rows = Object.entries(result.records).flatMap(([stage, records]) => {
    const other = Object.keys(OTHERWISE).find((suffix) => stage.endsWith(suffix));
    return other === undefined
      ? records
      : records.map((row) => ({ ...row, shape: `${row.shape} ${OTHERWISE[other]}` }));
  });
  const charts = [
    chart('prompts', `MMLU-shaped prompts on ${result.gpu}`, 'questions per second', questionBars(rows)),
    chart('matrix-rate', `The whole forward pass on ${result.gpu}`, 'TFLOP/s', matrixBars(rows)),
    chart('decoding', `Decoding on ${result.gpu}`, 'share of the rate of a copy', decodingBars(rows)),
  ];
  return charts.filter((spec) => spec !== undefined);
}

function questionBars(rows: readonly Row[]): Bar[] {
  return rows.flatMap((row) => {
    const rate = number(row, 'questions/s');
    if (rate === undefined) return [];
    if (typeof row.shape === 'string') return [{ label: `${row.shape}, ${row.measured}`, value: rate }];
    return [{ label: `${row.measured}, ${row.batch} at once`, value: rate }];
  });
}

function matrixBars(rows: readonly Row[]): Bar[] {
  return rows.flatMap((row) => {
    const limit = typeof row.limit === 'string' && row.limit.includes('TFLOP/s') ? number(row, 'median') : undefined;
    if (limit !== undefined) return [{ label: `limit: ${row.limit}`, value: limit, ...range(row, 1) }];
    const rate = number(row, 'TFLOP/s');
    // Single products have a table of their own.
    return rate === undefined || row.product !== undefined
      ? []
      : [{ label: `${row.shape}, ${row.measured}`, value: rate }];
  });
}

function decodingBars(rows: readonly Row[]): Bar[] {
  return rows.flatMap((row) => {
    const share = number(row, 'of the copy rate');
    if (share === undefined || share === 0) return [];
    return [{ label: `${row.shape}, ${row.batch} at once`, value: share }];
  });
}

function range(row: Row, scale: number): { low?: number; high?: number } {
  const [low, high] = [number(row, 'at least'), number(row, 'at most')];
  return low === undefined || high === undefined ? {} : { low: low * scale, high: high * scale };
}

function number(row: Row, name: string): number | undefined {
  const value = row[name];
  return typeof value === 'number' ? value : undefined;
}

function chart(id: string, title: string, label: string, bars: readonly Bar[]): ChartSpec | undefined {
  if (bars.length === 0) return undefined;
  return {
    id,
    kind: 'rows',
    title: raw(title),
    x: { unit: 'number', categories: bars.map((bar) => raw(bar.label)) },
    y: { label: raw(label), unit: 'number', min: 0 },
    series: [
      {
        label: raw(label),
        points: bars.map(({ value, low, high }, x) => ({
          x,
          y: value,
          ...(low !== undefined && high !== undefined && { low, high }),
        })),
      },
    ],
  };
}

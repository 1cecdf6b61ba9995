/** How charts look: a chart's data to a Chart.js configuration, the same in a page and in a PNG. */
import type { ChartConfiguration, ChartDataset, Plugin } from 'chart.js';
import type { ChartPoint, ChartSeries, ChartSpec } from '../chart-spec.js';
import type { TextRef } from '../text.js';
import { unitText } from './units.js';

export interface ChartColours {
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly paper: string;
  /** Told apart by people who see few colours, too: Okabe and Ito's palette, darker or lighter for the paper. */
  readonly series: readonly string[];
}

export const lightColours: ChartColours = {
  ink: '#1b2330',
  muted: '#5a6575',
  grid: '#e3e7ed',
  paper: '#ffffff',
  series: ['#0b63b5', '#d06a00', '#00805f', '#a8467f', '#8a7300', '#3a8fc4', '#5a6575'],
};

export const darkColours: ChartColours = {
  ink: '#e6eaf0',
  muted: '#9aa6b5',
  grid: '#2c3542',
  paper: '#171c24',
  series: ['#5fb0ff', '#ffa040', '#3fd0a4', '#e592c3', '#e3cf4a', '#9ad4f5', '#9aa6b5'],
};

export interface ChartLook {
  readonly colours: ChartColours;
  readonly translate: (ref: TextRef) => string;
  readonly fontFamily: string;
  /** Pixels. */
  readonly fontSize: number;
  /** A PNG has no heading beside it. */
  readonly showTitle: boolean;
}

/** Chart.js takes what `chartConfig` returns; nothing in it is animated, so that a chart is whole when it is there. */
export function chartConfig(spec: ChartSpec, look: ChartLook): ChartConfiguration {
  const { colours, translate, fontFamily, fontSize } = look;
  const isRows = spec.kind === 'rows';
  const categories = spec.x.categories?.map(translate);
  const font = { family: fontFamily, size: fontSize };
  const title = (label: TextRef | undefined) => ({
    display: label !== undefined,
    text: label === undefined ? '' : translate(label),
    color: colours.muted,
    font,
  });
  const along = {
    type: categories === undefined ? ('linear' as const) : ('category' as const),
    title: title(spec.x.label),
    grid: { color: colours.grid, display: !isRows },
    border: { color: colours.grid },
    ticks: {
      color: categories === undefined ? colours.muted : colours.ink,
      font,
      autoSkip: !isRows,
      crossAlign: isRows ? ('far' as const) : ('near' as const),
      maxRotation: 40,
      ...(categories === undefined && { callback: (value: number | string) => unitText(spec.x.unit, Number(value)) }),
      ...(spec.x.unit === 'seconds' && { stepSize: secondsStep(spec), includeBounds: false }),
    },
    ...(categories === undefined && boundsOf(spec)),
  };
  const measured = {
    type: spec.y.logarithmic ? ('logarithmic' as const) : ('linear' as const),
    title: title(spec.y.label),
    grid: { color: colours.grid },
    border: { display: false },
    stacked: spec.kind === 'stack',
    ticks: {
      color: colours.muted,
      font,
      // On a phone fewer numbers, not slanted ones.
      maxRotation: 0,
      callback: (value: number | string) =>
        spec.y.logarithmic && !isRound(Number(value)) ? null : unitText(spec.y.unit, Number(value)),
      ...(spec.y.unit === 'bytes' && { stepSize: byteStep(spec) }),
    },
    ...(spec.y.min !== undefined && { min: spec.y.min }),
    ...(spec.y.max !== undefined && { max: spec.y.max }),
    // Chart.js does not know of whiskers.
    suggestedMax: Math.max(...spec.series.flatMap(({ points }) => points.map(({ y, high }) => high ?? y ?? 0)), 0),
    beginAtZero: spec.y.unit !== 'points' && !spec.y.logarithmic,
  };
  return {
    type: spec.kind === 'line' || spec.kind === 'stack' ? 'line' : 'bar',
    data: {
      ...(categories !== undefined && { labels: categories }),
      datasets: spec.series.map((series, at) => datasetOf(spec, series, look, colourOf(colours, series.colour ?? at))),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: isRows ? 'y' : 'x',
      interaction: { mode: 'index', axis: isRows ? 'y' : 'x', intersect: false },
      scales: isRows ? { x: measured, y: along } : { x: along, y: measured },
      plugins: {
        title: {
          display: look.showTitle,
          text: translate(spec.title),
          color: colours.ink,
          align: 'start',
          padding: { bottom: fontSize },
          font: { family: fontFamily, size: Math.round(fontSize * 1.35), weight: 'bold' },
        },
        legend: {
          display: spec.series.length > 1,
          align: 'start',
          labels: {
            color: colours.ink,
            font,
            boxWidth: fontSize,
            boxHeight: fontSize,
            useBorderRadius: true,
            borderRadius: 2,
          },
        },
        tooltip: {
          titleFont: font,
          bodyFont: font,
          callbacks: {
            title: ([item]) =>
              item === undefined ? '' : (categories?.[item.dataIndex] ?? unitText(spec.x.unit, item.parsed.x ?? 0)),
            label: (item) => tooltipOf(spec, item.datasetIndex, item.dataIndex, translate),
          },
        },
      },
    },
    plugins: [whiskers(spec, colours)],
  } as ChartConfiguration;
}

function colourOf({ series }: ChartColours, at: number): string {
  return series[at % series.length] ?? '#000000';
}

/** A power of ten. */
function isRound(value: number): boolean {
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-9;
}

/** The axis ends where the data does: no empty strip after the last second. */
function boundsOf({ series }: ChartSpec): { min?: number; max?: number } {
  const values = series.flatMap(({ points }) => points.map(({ x }) => x));
  return values.length < 2 ? {} : { min: Math.min(...values), max: Math.max(...values) };
}

/** About ten steps of a length that clocks have. */
function secondsStep(spec: ChartSpec): number {
  const { min = 0, max = 1 } = boundsOf(spec);
  const wanted = (max - min) / 10;
  const lengths = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
  return lengths.find((length) => length >= wanted) ?? 86_400 * Math.ceil(wanted / 86_400);
}

/** About five steps, each a power of two, so that the labels are round in KiB, MiB and GiB. */
function byteStep({ kind, series }: ChartSpec): number {
  const sums = new Map<number, number>();
  for (const { points } of series) {
    for (const { x, y } of points) {
      const value = Math.abs(y ?? 0);
      sums.set(x, kind === 'stack' ? (sums.get(x) ?? 0) + value : Math.max(sums.get(x) ?? 0, value));
    }
  }
  return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, ...sums.values()) / 6)));
}

function datasetOf(spec: ChartSpec, series: ChartSeries, look: ChartLook, colour: string): ChartDataset {
  const label = look.translate(series.label);
  if (spec.kind === 'columns' || spec.kind === 'rows') {
    const data = new Array<number | null>(spec.x.categories?.length ?? 0).fill(null);
    for (const { x, y } of series.points) data[x] = y;
    return {
      type: 'bar',
      label,
      data,
      backgroundColor: `${colour}b0`,
      borderColor: colour,
      borderWidth: 1,
      borderRadius: 2,
      maxBarThickness: 40,
      // Series of rows never share a row.
      grouped: spec.kind !== 'rows',
    };
  }
  const isFew = series.points.length <= 60;
  return {
    type: 'line',
    label,
    data: series.points.map(({ x, y }) => ({ x, y: y as number })),
    borderColor: colour,
    borderWidth: 1.5,
    backgroundColor: spec.kind === 'stack' ? `${colour}66` : colour,
    fill: spec.kind === 'stack' ? 'stack' : false,
    // A line of one or two points would be invisible.
    pointRadius: isFew ? 3 : 0,
    pointBackgroundColor: series.points.map(({ hollow }) => (hollow ? look.colours.paper : colour)),
    pointHoverRadius: 4,
    spanGaps: false,
  };
}

function tooltipOf(spec: ChartSpec, dataset: number, at: number, translate: (ref: TextRef) => string): string {
  const series = spec.series[dataset];
  const point = series === undefined ? undefined : pointAt(spec, series, at);
  if (series === undefined || point === undefined || point.y === null) return '';
  const write = (value: number) => unitText(spec.y.unit, value);
  const interval =
    point.low === undefined || point.high === undefined ? '' : ` (${write(point.low)} – ${write(point.high)})`;
  return `${translate(series.label)}: ${write(point.y)}${interval}`;
}

function pointAt(spec: ChartSpec, series: ChartSeries, at: number): ChartPoint | undefined {
  return spec.x.categories === undefined ? series.points[at] : series.points.find(({ x }) => x === at);
}

/** Draws the interval of every point that has one. */
function whiskers(spec: ChartSpec, colours: ChartColours): Plugin {
  return {
    id: 'whiskers',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      const scale = chart.scales[spec.kind === 'rows' ? 'x' : 'y'];
      if (scale === undefined) return;
      ctx.save();
      ctx.strokeStyle = colours.ink;
      ctx.lineWidth = 1.5;
      for (const [dataset, series] of spec.series.entries()) {
        const { data, hidden } = chart.getDatasetMeta(dataset);
        if (hidden) continue;
        for (const [at, element] of data.entries()) {
          const point = pointAt(spec, series, at);
          if (point?.low === undefined || point.high === undefined) continue;
          const [from, to] = [scale.getPixelForValue(point.low), scale.getPixelForValue(point.high)];
          ctx.beginPath();
          const line = (x1: number, y1: number, x2: number, y2: number) => {
            ctx.moveTo(x1, y1);
            ctx.lineTo(x2, y2);
          };
          const { x, y } = element;
          if (spec.kind === 'rows') {
            line(from, y, to, y);
            line(from, y - 4, from, y + 4);
            line(to, y - 4, to, y + 4);
          } else {
            line(x, from, x, to);
            line(x - 4, from, x + 4, from);
            line(x - 4, to, x + 4, to);
          }
          ctx.stroke();
        }
      }
      ctx.restore();
    },
  };
}

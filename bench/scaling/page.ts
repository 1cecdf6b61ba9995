/** docs/scaling.md and its pictures, from scaling.json: no figure on the page is typed by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderChartPng } from '../../reports/chart-png.js';
import type { ChartSpec } from '../../reports/chart-spec.js';
import { renderBytes, renderCount, renderLarge, renderRate } from '../../reports/quantity.js';
import { raw } from '../../reports/text.js';
import { AXES, type Axis } from './axes.js';
import type { ScalingPoint, ScalingResult } from './result.js';

/** Writes scaling.md and images/scaling-AXIS.png below `docs`. Throws `usage/font` where there is no font. */
export function writeScalingPage(result: ScalingResult, docs: string): void {
  mkdirSync(path.join(docs, 'images'), { recursive: true });
  for (const axis of AXES) {
    const points = result.axes[axis.id] ?? [];
    if (points.length === 0) continue;
    for (const spec of chartsOf(axis, points)) {
      const png = renderChartPng(spec, { dictionary: {}, language: 'en', width: 900, height: 360 });
      writeFileSync(path.join(docs, 'images', `${spec.id}.png`), png);
    }
  }
  writeFileSync(path.join(docs, 'scaling.md'), renderScalingPage(result));
}

/** The page as Markdown. */
export function renderScalingPage(result: ScalingResult): string {
  const { cpu, threads, created, dtype, repeats, cut } = result;
  const sections = AXES.flatMap((axis) => {
    const points = result.axes[axis.id] ?? [];
    return points.length === 0 ? [] : [renderAxis(axis, points, result)];
  });
  const missing = AXES.filter(({ id }) => (result.axes[id] ?? []).length === 0).map(({ title }) => title.toLowerCase());
  return [
    '# What evaluation costs as work grows',
    `Made by bench/scaling.ts from bench/results/scaling.json; change those, not this page. ${cpu}, ${threads} threads, ${dtype}, ` +
      `${created.slice(0, 10)}, medians of ${repeats} repeats after a warm-up, from the slowest to the fastest in the whiskers. The ` +
      'models are Llama shapes with random weights, which are as fast as trained ones. Every point is a process of its own; memory is the ' +
      'most that it ever had, Node.js included.',
    ...(cut ? ['Time was up before every point was measured: the last ones are missing.'] : []),
    ...(missing.length > 0 ? [`Not measured: ${missing.join(', ')}.`] : []),
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function renderAxis(axis: Axis, points: readonly ScalingPoint[], result: ScalingResult): string {
  const lines = linesOf(axis, points);
  const header = [axis.column, ...lines.map((line) => `${axis.lines[line]}, ${axis.unit}`), 'memory at its peak'];
  const rows = points.map(({ size, rates, peakResidentBytes }) => [
    sizeText(axis, size),
    ...lines.map((line) => renderRate(rates[line]?.median ?? Number.NaN)),
    renderBytes(peakResidentBytes),
  ]);
  return [
    `## ${axis.title}`,
    axis.say(points, result),
    chartsOf(axis, points)
      .map(({ id, title }) => `![${'raw' in title ? title.raw : id}](images/${id}.png)`)
      .join('\n'),
    [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
  ].join('\n\n');
}

/** Rates, and memory where it is the point of the axis. */
export function chartsOf(axis: Axis, points: readonly ScalingPoint[]): ChartSpec[] {
  const categories = points.map(({ size }) => raw(sizeText(axis, size)));
  const rates: ChartSpec = {
    id: `scaling-${axis.id}`,
    kind: 'line',
    title: raw(`${axis.title}: ${axis.unit}`),
    x: { label: raw(axis.column), unit: 'number', categories },
    y: { label: raw(axis.unit), unit: 'number', ...(axis.isLogarithmic ? { logarithmic: true } : { min: 0 }) },
    series: linesOf(axis, points).map((line) => ({
      label: raw(axis.lines[line] ?? line),
      points: points.map(({ rates }, x) => {
        const rate = rates[line];
        return rate === undefined ? { x, y: null } : { x, y: rate.median, low: rate.least, high: rate.most };
      }),
    })),
  };
  if (!axis.showsMemory) return [rates];
  const memory: ChartSpec = {
    id: `scaling-${axis.id}-memory`,
    kind: 'columns',
    title: raw(`${axis.title}: memory at its peak`),
    x: { label: raw(axis.column), unit: 'number', categories },
    y: { unit: 'bytes', min: 0 },
    series: [{ label: raw('memory'), points: points.map(({ peakResidentBytes }, x) => ({ x, y: peakResidentBytes })) }],
  };
  return [rates, memory];
}

function linesOf(axis: Axis, points: readonly ScalingPoint[]): string[] {
  return Object.keys(axis.lines).filter((line) => points.some(({ rates }) => rates[line] !== undefined));
}

function sizeText(axis: Axis, size: number): string {
  return axis.id === 'model-size' ? renderLarge(size) : renderCount(size);
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BenchmarkResult } from '../../engine/benchmark/benchmark-result.js';
import { packageRoot } from '../../package-root.js';
import { benchmarkCharts } from '../../reports/benchmark/benchmark-charts.js';
import { renderBenchmarkPage } from '../../reports/benchmark/benchmark-page.js';
import { benchmarkTexts } from '../../reports/texts/benchmark.js';
import { describeInBrowser } from './browser.js';

const spread = (median: number) => ({ median, least: median * 0.9, most: median * 1.2, repeats: 5 });

const result: BenchmarkResult = {
  schema: 1,
  created: '2026-11-26T07:00:00.000Z',
  model: '<img src=x onerror=alert(1)>\u202e',
  random: false,
  weightFingerprint: 'abc',
  dtype: 'bf16',
  device: 'cpu',
  threads: 2,
  cpu: 'A processor',
  kernels: { linear: 'cpu' },
  limits: { f32Flops: 500e9, bf16Flops: 1000e9, readBytes: 80e9 },
  loadSeconds: 1.25,
  weightBytes: 2 * 2 ** 30,
  kvBytes: 2 ** 28,
  workspaceBytes: 2 ** 27,
  peakResidentBytes: 3 * 2 ** 30,
  prefill: [
    { promptTokens: 128, tokensPerSecond: spread(440), flops: spread(900e9) },
    { promptTokens: 2048, tokensPerSecond: spread(400), flops: spread(800e9) },
  ],
  decode: [{ batch: 16, contextTokens: 256, tokensPerSecond: spread(240), readBytes: spread(20e9) }],
};
const chart = (id: string, of = result) => benchmarkCharts(of).find((spec) => spec.id === id);
const labels = (id: string) => chart(id)?.x.categories?.map((label) => ('raw' in label ? label.raw : label));

describe('the charts of a measurement', () => {
  test('show rates with their spread', () => {
    expect(labels('prefill')).toEqual(['128', '2,048']);
    expect(chart('prefill')?.series[0]?.points).toEqual([
      { x: 0, y: 440, low: 396, high: 528 },
      { x: 1, y: 400, low: 360, high: 480 },
    ]);
    expect(chart('decode')?.series[0]?.points[0]).toMatchObject({ x: 0, y: 240 });
  });

  test('compare prompts with the arithmetic of their precision and decoding with reading memory', () => {
    const [arithmetic, reading] = chart('limits')?.series ?? [];
    expect(arithmetic?.points.map(({ x, y }) => [x, y])).toEqual([
      [0, 0.9],
      [1, 0.8],
    ]);
    expect(reading?.points.map(({ x, y }) => [x, y])).toEqual([[2, 0.25]]);
    const f32 = chart('limits', { ...result, dtype: 'f32' });
    expect(f32?.series[0]?.points[1]?.y).toBe(1.6);
  });

  test('show memory in bytes, the peak of the process last', () => {
    expect(chart('memory')?.series[0]?.points.map(({ y }) => y)).toEqual([2 ** 31, 2 ** 28, 2 ** 27, 3 * 2 ** 30]);
    expect(chart('memory')?.y.unit).toBe('bytes');
  });

  test('leave out what was not measured', () => {
    expect(benchmarkCharts({ ...result, decode: [] }).map(({ id }) => id)).toEqual(['prefill', 'limits', 'memory']);
    expect(renderBenchmarkPage({ ...result, decode: [] }, 'en')).toContain('Nothing was measured.');
  });
});

describe('the texts of a measurement', () => {
  test('are in both languages, with the same arguments', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, found]) => found).sort();
    for (const [key, [en, zh]] of Object.entries(benchmarkTexts)) {
      expect([key, names(en)]).toEqual([key, names(zh)]);
      expect([key, /\p{Script=Han}/u.test(en), /\p{Script=Han}/u.test(zh)]).toEqual([key, false, true]);
    }
  });

  test('are all used', () => {
    const files = ['machine', 'prefill', 'decode', 'limits', 'memory'].map((name) => `templates/benchmark/${name}.hbs`);
    const sources = [...files, 'benchmark/benchmark-page.ts', 'benchmark/benchmark-charts.ts']
      .map((file) => readFileSync(path.join(packageRoot, 'reports', file), 'utf8'))
      .join('\n');
    const unused = Object.keys(benchmarkTexts).filter((key) => !new RegExp(`['"]${key}['"]`).test(sources));
    expect(unused).toEqual([]);
  });
});

describeInBrowser('the page of a measurement in a browser', ({ open }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'evalrun-bench-page-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([1440, 390])('draws its charts at %i pixels, asks for nothing, stays inside the window', async (width) => {
    const file = path.join(folder, 'bench.html');
    writeFileSync(file, renderBenchmarkPage(result, 'en'));
    const { page, complaints, requests } = await open(file, { width });
    for (const { id } of benchmarkCharts(result)) {
      const inked = await page.evaluate((name) => {
        const canvas = document.getElementById(name) as HTMLCanvasElement;
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        return pixels.some((value) => value > 0);
      }, id);
      expect([id, inked]).toEqual([id, true]);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const said = await page.locator('main').textContent();
    for (const part of ['90.0 %', '25.0 %', '440', '396 – 528', '3.0 GiB', '1.25 s']) expect(said).toContain(part);
    expect(await page.locator('h1').textContent()).toContain('<img src=x');
    await page.click('#language-switch');
    expect(await page.locator('main').textContent()).toContain('占机器上限的比例');
    expect([complaints, requests]).toEqual([[], []]);
  });
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AXES } from '../../bench/scaling/axes.js';
import { chartsOf, renderScalingPage, writeScalingPage } from '../../bench/scaling/page.js';
import type { ScalingPoint, ScalingResult } from '../../bench/scaling/result.js';
import { packageRoot } from '../../package-root.js';

const MIB = 2 ** 20;

function point(size: number, rates: Record<string, number>, mib = 100): ScalingPoint {
  const spreads = Object.entries(rates).map(([name, median]) => {
    return [name, { median, least: median / 2, most: median * 2, repeats: 3 }] as const;
  });
  return { size, rates: Object.fromEntries(spreads), peakResidentBytes: mib * MIB };
}

const result: ScalingResult = {
  schema: 1,
  created: '2026-11-26T00:00:00.000Z',
  cpu: 'A processor',
  threads: 2,
  dtype: 'bf16',
  repeats: 3,
  parameters: 27e6,
  smallParameters: 1.5e6,
  cut: false,
  axes: {
    'model-size': [point(5e6, { prompts: 9000, decoding: 800 }), point(1e9, { prompts: 60, decoding: 16 }, 2048)],
    'prompt-length': [point(64, { prompts: 2000 }), point(4096, { prompts: 1000 })],
    'shared-prefix': [point(64, { shared: 4000, alone: 2000 }), point(1024, { shared: 9000, alone: 1500 })],
    questions: [point(100, { questions: 40 }), point(14_042, { questions: 250 }, 117)],
  },
};

describe('the page of scaling', () => {
  const page = renderScalingPage(result);

  test('takes its sentences from the figures', () => {
    for (const said of [
      'with 200 times the parameters, prompts of 256 tokens take 150 times as long',
      '4,096 tokens run at 50 % of the rate of 64',
      'computing them once is 6.0 times as fast',
      'From 100 to 14,042 questions the rate goes from 40.0 to 250 a second',
      '140 times the questions need 17.0 MiB more memory',
      '| 14,042 | 250 | 117.0 MiB |',
    ]) {
      expect(page).toContain(said);
    }
  });

  test('says what was not measured, and that time was up', () => {
    expect(page).toContain('Not measured: threads.');
    expect(page).not.toContain('Time was up');
    expect(renderScalingPage({ ...result, cut: true })).toContain('Time was up');
  });

  test('has a picture for every one that it names', () => {
    const docs = mkdtempSync(path.join(tmpdir(), 'evalrun-scaling-test-'));
    try {
      writeScalingPage(result, docs);
      const named = [...page.matchAll(/\(images\/([\w-]+\.png)\)/g)].map(([, name]) => name);
      expect(named).toHaveLength(5);
      expect(readdirSync(path.join(docs, 'images')).sort()).toEqual(named.sort());
      expect(readFileSync(path.join(docs, 'scaling.md'), 'utf8')).toBe(page);
    } finally {
      rmSync(docs, { recursive: true, force: true });
    }
  });

  test('draws memory where the number of questions grows', () => {
    const axis = AXES.find(({ id }) => id === 'questions');
    if (axis === undefined) throw new Error('no axis of questions');
    const [rates, memory] = chartsOf(axis, result.axes.questions ?? []);
    expect(rates?.series[0]?.points).toEqual([
      { x: 0, y: 40, low: 20, high: 80 },
      { x: 1, y: 250, low: 125, high: 500 },
    ]);
    expect(memory?.series[0]?.points.map(({ y }) => y)).toEqual([100 * MIB, 117 * MIB]);
  });

  const recorded = path.join(packageRoot, 'bench/results/scaling.json');
  const isRecorded = existsSync(recorded);
  (isRecorded ? test : test.skip)(
    `in docs/ is the one of ${isRecorded ? 'the' : '(skipped: no)'} recorded figures`,
    () => {
      const measured = JSON.parse(readFileSync(recorded, 'utf8')) as ScalingResult;
      expect(readFileSync(path.join(packageRoot, 'docs/scaling.md'), 'utf8')).toBe(renderScalingPage(measured));
    },
  );
});

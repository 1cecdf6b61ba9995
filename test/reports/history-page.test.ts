/// <reference lib="dom" />
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';
import { renderHistoryPage } from '../../reports/history/history-page.js';
import { seriesChart } from '../../reports/history/series-chart.js';
import type { Dictionary } from '../../reports/text.js';
import { historyTexts } from '../../reports/texts/history.js';
import { viewTexts } from '../../reports/texts/view.js';
import type { History, HistoryPoint, HistorySeries } from '../../runner/history/history-data.js';
import { describeInBrowser } from './browser.js';

const point = (n: number, accuracy: number | null, excluded: string | null = null): HistoryPoint => ({
  run: `run-${n}`,
  created: `2026-01-0${n}T02:00:00.000Z`,
  accuracy,
  low: accuracy === null ? null : accuracy - 0.05,
  high: accuracy === null ? null : accuracy + 0.05,
  version: '0.1.0',
  commit: null,
  excluded,
});

const series: HistorySeries = {
  suite: 'mmlu',
  model: '</script><img src=x onerror=alert(1)>\u202e{{model}}',
  dtype: 'bf16',
  protocol: 'official',
  shots: 5,
  n: 400,
  average: 'micro',
  differs: [{ name: 'protocol', before: 'official', after: '<b>other' }],
  random: true,
  paired: false,
  unpaired_because: 'run-2 has no samples.jsonl that can be read',
  unsteady: null,
  points: [
    point(1, 0.7),
    point(2, 0.7),
    point(3, 0.9, 'incomplete'),
    point(4, 0.5),
    point(5, null, 'still running'),
    point(6, 0.5),
  ],
  changes: [
    {
      run: 'run-4',
      previous: 'run-2',
      difference: -0.2,
      low: -0.25,
      high: -0.15,
      p: 0.0005,
      gained: 2,
      lost: 82,
      also_changed: [],
    },
  ],
};
const history: History = {
  folder: '/runs',
  alarm_rate: 0.01,
  least_unsteady: 8,
  series: [
    series,
    { ...series, changes: [], differs: [], paired: true, unpaired_because: null, unsteady: 3, random: false },
  ],
  skipped: [{ name: 'broken', reason: 'its run.json cannot be read' }],
};

describe('the chart of a series', () => {
  const { series: lines, x, y } = seriesChart(series, 'c');

  test('has runs that count in one line, the others as rings, and the level before and after the change', () => {
    expect(lines.map(({ points }) => points.map((each) => each.y))).toEqual([
      [0.7, 0.7, null, 0.5, null, 0.5],
      [0.7, 0.7, 0.7, 0.5, 0.5, 0.5],
      [null, null, 0.9, null, null, null],
    ]);
    expect(lines[2]?.points.every(({ hollow }) => hollow)).toBe(true);
    expect(lines[0]?.points[2]).toEqual({ x: 2, y: null });
  });

  test('marks the day of the change and shows every point', () => {
    expect(x.categories?.map((label) => ('raw' in label ? label.raw : ''))).toEqual([
      '2026-01-01',
      '2026-01-02',
      '2026-01-03',
      '◆ 2026-01-04',
      '2026-01-05',
      '2026-01-06',
    ]);
    expect(y.min).toBeLessThan(0.45);
    expect(y.max).toBeGreaterThan(0.9);
  });
});

describe.each<[string, Dictionary]>([
  ['history', historyTexts],
  ['view', viewTexts],
])('the texts of %s', (name, dictionary) => {
  test('are in both languages, with the same arguments', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, found]) => found).sort();
    for (const [key, [en, zh]] of Object.entries(dictionary)) {
      expect([key, names(en)]).toEqual([key, names(zh)]);
      expect([key, /\p{Script=Han}/u.test(en), en === zh && !/^\{/.test(en)]).toEqual([key, false, false]);
      if (!/^\{what\}|^\{suite\}/.test(zh)) expect([key, /\p{Script=Han}/u.test(zh)]).toEqual([key, true]);
    }
  });

  test('are all used', () => {
    const folders = {
      history: ['reports/history', 'reports/templates/history'],
      view: ['reports/view', 'reports/templates/view', 'reports/browser'],
    };
    const sources = (folders[name as keyof typeof folders] ?? []).map((folder) => sourcesIn(folder)).join('\n');
    // Keys that are put together from a status, a section or a kind of work.
    const composed = /^view\.(status\.\w+|progress|speed|recent|prefill|decode)$/;
    const unused = Object.keys(dictionary).filter((key) => !composed.test(key) && !sources.includes(key));
    expect(unused).toEqual([]);
  });
});

describeInBrowser('the history page in a browser', ({ open }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'evalrun-history-page-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('draws its charts, asks for nothing, and shows hostile names as text in both languages', async () => {
    const file = path.join(folder, 'history.html');
    writeFileSync(file, renderHistoryPage(history, 'en'));
    const { page, complaints, requests } = await open(file);
    for (const id of ['series-1-chart', 'series-2-chart']) {
      const inked = await page.evaluate((canvas) => {
        const { width, height } = document.getElementById(canvas) as HTMLCanvasElement;
        const pixels =
          (document.getElementById(canvas) as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height)
            .data ?? [];
        return pixels.some((value) => value > 0);
      }, id);
      expect([id, inked]).toEqual([id, true]);
    }
    for (const said of [
      '−20.0 points',
      '2 questions gained, 82 lost',
      'nothing that run.json records',
      'broken',
      '<img src=x',
      '\\u202e{{model}}',
    ]) {
      expect(await page.locator('main').textContent()).toContain(said);
    }
    await page.click('#language-switch');
    expect(await page.locator('main').textContent()).toContain('−20.0 个百分点');
    expect([complaints, requests]).toEqual([[], []]);
  });
});

function sourcesIn(folder: string): string {
  return readdirRecursive(path.join(packageRoot, folder))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

function readdirRecursive(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? readdirRecursive(file) : [file];
  });
}

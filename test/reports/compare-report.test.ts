/** The page of a comparison: complete in two languages, and text of runs stays text, in a real browser too. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { chromium } from 'playwright-core';
import { renderCompareReport } from '../../reports/compare-report.js';
import { compareTexts } from '../../reports/texts/compare.js';
import { compareRuns } from '../../runner/compare/compare-runs.js';
import type { Comparison } from '../../runner/compare/comparison.js';
import { temporaryFolders } from '../datasets/temporary-folder.js';
import { choiceLines, generation, otherArm, plainSuite, writeRun, writtenLine } from '../runner/compare/write-run.js';

const newFolder = temporaryFolders();
const hostile = '</script><script>window.owned=1</script><img src=x onerror="window.owned=1">\u202e{{owned}}';
let comparison: Comparison;

beforeAll(async () => {
  const folder = newFolder();
  const suites = [
    plainSuite({ n: 0, groups: { anatomy: 30, [hostile]: 30 } }),
    plainSuite({ n: 30, suite: hostile, groups: { all: 30 }, generation }),
  ];
  const lines = (lost: number) => [
    ...choiceLines(30, (at) => at >= lost, { margin: lost > 0 ? 3.2 : 1 }),
    ...choiceLines(30, () => true, { group: hostile }),
    ...Array.from({ length: 30 }, (_, at) =>
      writtenLine({
        id: `${hostile}/${at}`,
        suite: hostile,
        target: hostile,
        status: at < lost ? 'wrong' : 'correct',
        answer: at < lost ? hostile : '7',
      }),
    ),
  ];
  const telemetry = [{ type: 'experts', layers: [1], counts: [[1, 3]] }];
  const a = writeRun(path.join(folder, 'a'), { record: { suites }, lines: lines(0), telemetry });
  const b = writeRun(path.join(folder, 'b'), { record: { suites, ...otherArm() }, lines: lines(4) });
  comparison = await compareRuns(a, b, { aa: a });
});

describe('the page of a comparison', () => {
  test('has every section, in each language', () => {
    for (const [language, title] of [
      ['en', 'Probabilities of the letters'],
      ['zh', '选项概率的变化'],
    ] as const) {
      const page = renderCompareReport(comparison, { language });
      expect(page).toContain(title);
      const sections = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
      expect(sections).toEqual(['verdicts', 'control', 'flips', 'letters', 'subjects', 'cost', 'experts', 'differs']);
      expect(page).not.toContain('src="http');
    }
  });

  test('has a sentence for every reason and finding, with the same arguments in both languages', () => {
    const reasons = [
      'above-margin',
      'below-margin',
      'identical',
      'too-few-questions',
      'on-the-margin',
      'multiple-suites',
      'incomplete',
      'engine-errors',
      'invalid',
    ];
    for (const reason of reasons) expect(Object.keys(compareTexts)).toContain(`reason.${reason}`);
    for (const [english, chinese] of Object.values(compareTexts)) {
      const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect([english, names(chinese)]).toEqual([english, names(english)]);
      expect(chinese).not.toBe('');
    }
  });

  test('draws the interval to a common scale, with the tolerated drop left of no difference', () => {
    const page = renderCompareReport(comparison);
    const plots = [
      ...page.matchAll(
        /class="margin" x1="([\d.]+)%"[\s\S]*?class="limits \w+" x1="([\d.]+)%" x2="([\d.]+)%"[\s\S]*?cx="([\d.]+)%"/g,
      ),
    ];
    expect(plots).toHaveLength(2);
    for (const [, margin, low, high, centre] of plots.map((plot) => plot.map(Number))) {
      expect(margin).toBeLessThan(50);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThan(centre ?? 0);
      expect(centre).toBeLessThan(high ?? 0);
      expect(high).toBeLessThanOrEqual(100);
    }
  });

  test('runs nothing that a run wrote', async () => {
    const page = renderCompareReport(comparison);
    // Whole pages in the message of a failure would hide it.
    expect([page.includes('<img src'), page.includes('&lt;img src'), page.includes('\u202e')]).toEqual([
      false,
      true,
      false,
    ]);
    const browserPath = '/usr/bin/chromium';
    if (!existsSync(browserPath)) {
      console.warn(`no browser at ${browserPath}: the page was not opened`);
      return;
    }
    const file = path.join(newFolder(), 'page.html');
    writeFileSync(file, page);
    const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
    try {
      const tab = await browser.newPage();
      const said: string[] = [];
      tab.on('console', (message) => message.type() === 'error' && said.push(message.text()));
      tab.on('pageerror', (error) => said.push(String(error)));
      await tab.goto(`file://${file}`);
      await tab.click('#language-switch');
      expect(await tab.textContent('#flips-title')).toBe('改变的答案');
      expect(await tab.evaluate('[window.owned, document.querySelectorAll("#flips tbody tr").length]')).toEqual([
        undefined,
        8,
      ]);
      await tab.click('#flips button.sort >> nth=0');
      expect(said).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});

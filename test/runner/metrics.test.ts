import { describe, expect, test } from '@jest/globals';
import { computeMetrics } from '../../runner/metrics.js';
import type { SuiteMetrics } from '../../runner/run-summary.js';
import type { SampleLine } from '../../runner/sample-line.js';
import { wilson } from '../../runner/statistics.js';
import { runRecord, sampleLine, suiteRecord } from './run-fixture.js';

/** 2 of 2 in anatomy, 1 of 6 in marketing, one of them without an answer. */
const lines: SampleLine[] = [
  sampleLine({ id: 'mmlu/anatomy/0', group: 'anatomy' }),
  sampleLine({ id: 'mmlu/anatomy/1', group: 'anatomy', target: 'B', answer: 'B' }),
  sampleLine({ id: 'mmlu/marketing/0', group: 'marketing', target: 'D', answer: 'D' }),
  ...[1, 2, 3, 4].map((row) =>
    sampleLine({ id: `mmlu/marketing/${row}`, group: 'marketing', target: 'D', status: 'wrong', score: 0 }),
  ),
  sampleLine({ id: 'mmlu/marketing/5', group: 'marketing', status: 'engine_error', answer: null, score: 0 }),
];

function suite(parts: Parameters<typeof suiteRecord>[0] = {}, of: SampleLine[] = lines): SuiteMetrics {
  const metrics = computeMetrics(runRecord({ suites: [suiteRecord(parts)] }), of).suites.mmlu;
  if (metrics === undefined) throw new Error('no mmlu');
  return metrics;
}

describe('computeMetrics', () => {
  test('averages over questions or over subjects, as the suite says, and gives both', () => {
    const { low, high } = wilson({ correct: 3, n: 8 });
    expect(suite()).toMatchObject({ accuracy: 3 / 8, low, high, n: 8, average: 'micro' });
    const macro = suite({ average: 'macro' });
    expect(macro.accuracy).toBeCloseTo((1 + 1 / 6) / 2, 12);
    expect(macro.micro.accuracy).toBe(3 / 8);
    expect(macro.interval).toMatch(/standard errors of the subjects/);
    expect([macro.low, macro.high]).toEqual([macro.macro.low, macro.macro.high]);
  });

  test('keeps failures in the denominator and counts each by its name', () => {
    const { groups, statuses, missing } = suite();
    expect(groups.marketing).toEqual(wilson({ correct: 1, n: 6 }));
    expect(statuses).toMatchObject({ correct: 3, wrong: 4, engine_error: 1, timeout: 0 });
    expect(missing).toBe(0);
  });

  test('counts planned samples without a result in the denominator', () => {
    const partial = suite({}, lines.slice(0, 3));
    expect(partial).toMatchObject({ accuracy: 3 / 8, n: 8, missing: 5 });
  });

  test('lets categories overlap and leaves out those without questions', () => {
    const { categories } = suite();
    expect(Object.keys(categories)).toEqual(['medicine', 'all']);
    expect(categories.medicine).toEqual(wilson({ correct: 2, n: 2 }));
    expect(categories.all).toEqual(wilson({ correct: 3, n: 8 }));
    expect(suite({ average: 'macro' }).categories.all?.accuracy).toBeCloseTo((1 + 1 / 6) / 2, 12);
  });

  test('counts how often each letter was answered and how often it was right', () => {
    expect(suite().letters).toEqual({
      predicted: { A: 5, B: 1, C: 0, D: 1 },
      keyed: { A: 2, B: 1, C: 0, D: 5 },
    });
  });

  test('does not depend on the order of the lines', () => {
    const record = runRecord();
    const reversed = computeMetrics(record, [...lines].reverse());
    expect(JSON.stringify(reversed)).toBe(JSON.stringify(computeMetrics(record, lines)));
  });

  test('measures the gap between languages only where there are both', () => {
    expect(computeMetrics(runRecord(), lines).language_gap).toBeNull();
    const chinese = suiteRecord({ suite: 'ceval', language: 'zh', groups: { law: 4 }, categories: {} });
    const zh = [0, 1].map((row) => sampleLine({ id: `ceval/law/${row}`, suite: 'ceval', group: 'law' }));
    const { language_gap: gap } = computeMetrics(runRecord({ suites: [suiteRecord(), chinese] }), [...lines, ...zh]);
    expect(gap?.difference).toBeCloseTo(3 / 8 - 2 / 4, 12);
    expect(gap?.english.accuracy).toBe(3 / 8);
    expect(gap?.low).toBeLessThan(gap?.difference ?? 0);
    expect(gap?.high).toBeGreaterThan(gap?.difference ?? 0);
  });
});

/** The gap between languages on the same problems. */
import { describe, expect, test } from '@jest/globals';
import { computeMetrics } from '../../runner/metrics.js';
import { pairedLanguageGap } from '../../runner/paired-gap.js';
import type { GenerationRecord } from '../../runner/run-record.js';
import type { GenerativeLine } from '../../runner/sample-line.js';
import { pairedDifference } from '../../runner/statistics.js';
import { runRecord, suiteRecord } from './run-fixture.js';

const generation: GenerationRecord = {
  asks: 'chat',
  chat_template_sha256: null,
  stop: [],
  max_tokens: 2048,
  temperature: 0,
  top_p: 1,
  top_k: 0,
  min_p: 0,
  samples: 1,
  executes: false,
};
const mgsm = (groups = { en: 4, zh: 4 }, samples = 1) =>
  suiteRecord({
    suite: 'mgsm',
    language: 'mixed',
    average: 'macro',
    groups,
    categories: {},
    generation: { ...generation, samples },
  });

/** Lines of answers right (1) or wrong (0), by row. */
const lines = (group: string, right: readonly number[], repeat = 0): GenerativeLine[] =>
  right.map((score, row) => ({
    id: `mgsm/${group}/${row}`,
    suite: 'mgsm',
    group,
    repeat,
    status: score === 1 ? 'correct' : 'wrong',
    target: '1',
    answer: '1',
    score: score as 0 | 1,
    output: '',
    end: 'eos',
    extracted_by: 'boxed',
    rule: 'integer',
    prompt_tokens: 1,
    completion_tokens: 1,
    prompt_sha256: '',
  }));

/** Counts of a two-by-two table: both right, only the first, only the second, neither. */
const table = (...[both, first, second, neither]: readonly number[]) => {
  const pair = (x: number, y: number, count = 0) =>
    Array.from(
      { length: count },
      () =>
        [
          { correct: x, n: 1 },
          { correct: y, n: 1 },
        ] as const,
    );
  return [...pair(1, 1, both), ...pair(1, 0, first), ...pair(0, 1, second), ...pair(0, 0, neither)];
};

describe('the paired difference', () => {
  // Newcombe 1998, Statistics in Medicine 17:2635, method 10.
  test.each([
    [36, 12, 2, 0, 0.2, 0.0569, 0.3404],
    [20, 12, 2, 16, 0.2, 0.0562, 0.3292],
    [54, 0, 0, 0, 0, -0.0664, 0.0664],
  ])('of %i, %i, %i, %i is as published', (both, first, second, neither, difference, low, high) => {
    const found = pairedDifference(table(both, first, second, neither));
    expect(found.difference).toBeCloseTo(difference, 10);
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  test('turns round with its sides', () => {
    const pairs = table(20, 9, 3, 8);
    const turned = pairedDifference(pairs.map(([a, b]) => [b, a]));
    const found = pairedDifference(pairs);
    expect([turned.difference, turned.low, turned.high]).toEqual([
      expect.closeTo(-found.difference, 12),
      expect.closeTo(-found.high, 12),
      expect.closeTo(-found.low, 12),
    ]);
  });

  test('is surer than that of other questions where the pairs go together', () => {
    const together = pairedDifference(table(100, 10, 2, 100));
    const mixed = pairedDifference(table(55, 55, 47, 55));
    expect(together.difference).toBeCloseTo(mixed.difference, 12);
    expect(together.high - together.low).toBeLessThan((mixed.high - mixed.low) / 2);
  });
});

describe('the gap on the same problems', () => {
  test('counts pairs by the row of the problem', () => {
    const answers = [...lines('en', [1, 1, 1, 0]), ...lines('zh', [1, 0, 0, 1])];
    const { paired_language_gap: gap, language_gap } = computeMetrics(runRecord({ suites: [mgsm()] }), answers);
    expect(gap).toMatchObject({ suite: 'mgsm', pairs: 4, difference: 0.25, only_english: 2, only_chinese: 1 });
    expect([gap?.english.accuracy, gap?.chinese.accuracy]).toEqual([0.75, 0.5]);
    expect(gap?.interval).toMatch(/paired by problem/);
    // Knowledge in different questions is another gap, which this run does not have.
    expect(language_gap).toBeNull();
  });

  test('leaves out a problem without its other language', () => {
    const gap = pairedLanguageGap(mgsm({ en: 4, zh: 2 }), [...lines('en', [1, 1, 0, 0]), ...lines('zh', [1, 0])]);
    expect(gap).toMatchObject({ pairs: 2, difference: 0.5 });
  });

  test('takes several samples of a problem together', () => {
    const answers = [
      ...lines('en', [1, 1, 0, 0]),
      ...lines('en', [1, 0, 0, 0], 1),
      ...lines('zh', [1, 0, 0, 0]),
      ...lines('zh', [1, 0, 1, 0], 1),
    ];
    expect(pairedLanguageGap(mgsm({ en: 8, zh: 8 }, 2), answers)).toMatchObject({
      pairs: 4,
      difference: 0,
      only_english: 1,
      only_chinese: 1,
      english: { accuracy: 3 / 8, n: 8 },
    });
  });

  test('is not there without pairs or in one language', () => {
    expect(pairedLanguageGap(mgsm(), lines('en', [1, 1]))).toBeUndefined();
    expect(
      pairedLanguageGap({ ...mgsm(), language: 'zh' }, [...lines('en', [1]), ...lines('zh', [1])]),
    ).toBeUndefined();
    expect(computeMetrics(runRecord(), [])).not.toHaveProperty('paired_language_gap');
  });
});

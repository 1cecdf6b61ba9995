import { describe, expect, test } from '@jest/globals';
import { spreadOut } from '../../bench/peers/mmlu-questions.js';
import { pairedRatio, renderRatio } from '../../bench/peers/ratios.js';
import { promptIds } from '../../bench/peers/work.js';

describe('the ratio to a peer', () => {
  test('is of pairs, so that a slow minute that hits both changes nothing', () => {
    expect(pairedRatio([1, 10, 2], [2, 20, 5])).toEqual({ median: 2, least: 2, most: 2.5, repeats: 3 });
  });

  test('is judged by its median against a floor or a ceiling', () => {
    const ratio = { median: 1.2, least: 1, most: 1.5, repeats: 5 };
    expect(renderRatio(ratio)).toBe('1.20 (1.00 to 1.50 in 5 pairs)');
    expect(renderRatio(ratio, { atLeast: 1.2 })).toMatch(/at least 1.2: met$/);
    expect(renderRatio(ratio, { atLeast: 1.21 })).toMatch(/MISSED$/);
    expect(renderRatio(ratio, { atMost: 1.3 })).toMatch(/at most 1.3: met$/);
    expect(renderRatio(ratio, { atMost: 1.1 })).toMatch(/MISSED$/);
  });
});

test('few questions are spread over all of them', () => {
  expect(spreadOut([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4)).toEqual([0, 2, 5, 7]);
  expect(spreadOut([0, 1], 5)).toEqual([0, 1]);
});

test('prompts of different sequences share no prefix', () => {
  const first = Array.from({ length: 64 }, (_, i) => promptIds(32_000, 1, i)[0]);
  expect(new Set(first).size).toBe(64);
  expect(Math.max(...promptIds(100, 500, 3))).toBeLessThan(100);
});

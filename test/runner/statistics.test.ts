import { describe, expect, test } from '@jest/globals';
import { differenceOf, macroMean, meanOfEstimates, wilson } from '../../runner/statistics.js';

const z = 1.959963984540054;

describe('wilson', () => {
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3 (score).
  const published = [
    { correct: 81, n: 263, low: 0.2553, high: 0.3662 },
    { correct: 15, n: 148, low: 0.0624, high: 0.1605 },
    { correct: 0, n: 20, low: 0, high: 0.1611 },
    { correct: 1, n: 29, low: 0.0061, high: 0.1718 },
  ];
  test.each(published)('is as published for $correct of $n', ({ correct, n, low, high }) => {
    const interval = wilson({ correct, n });
    expect(interval.accuracy).toBe(correct / n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test('ends exactly at 0 and 1 when all or no answers are right', () => {
    for (let n = 1; n < 60; n++) {
      expect(wilson({ correct: 0, n }).low).toBe(0);
      expect(wilson({ correct: n, n }).high).toBe(1);
    }
  });

  test('knows nothing of an empty set', () => {
    expect(wilson({ correct: 0, n: 0 })).toEqual({ accuracy: 0, low: 0, high: 1, n: 0 });
  });
});

describe('macroMean', () => {
  test('weighs subjects equally and takes its interval from their standard errors', () => {
    const estimate = macroMean([
      { correct: 1, n: 4 },
      { correct: 80, n: 100 },
    ]);
    const standardError = Math.sqrt((0.25 * 0.75) / 3 + (0.8 * 0.2) / 99) / 2;
    expect(estimate.accuracy).toBeCloseTo((0.25 + 0.8) / 2, 12);
    expect(estimate.low).toBeCloseTo(0.525 - z * standardError, 9);
    expect(estimate.high).toBeCloseTo(0.525 + z * standardError, 9);
    expect(estimate).toMatchObject({ n: 104, groups: 2 });
  });

  test('is not certain when every subject is answered all right', () => {
    const { accuracy, low, high } = macroMean([
      { correct: 5, n: 5 },
      { correct: 5, n: 5 },
    ]);
    const variance = ((6 / 7) * (1 / 7)) / 5;
    expect([accuracy, high]).toEqual([1, 1]);
    expect(low).toBeCloseTo(1 - z * Math.sqrt(variance / 2), 9);
  });

  test('leaves out subjects without questions', () => {
    const counts = [
      { correct: 0, n: 0 },
      { correct: 1, n: 2 },
    ];
    expect(macroMean(counts)).toMatchObject({ accuracy: 0.5, groups: 1 });
  });
});

describe('differenceOf', () => {
  // Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
  const published = [
    { a: [56, 70], b: [48, 80], low: 0.0524, high: 0.3339 },
    { a: [9, 10], b: [3, 10], low: 0.1705, high: 0.809 },
    { a: [10, 10], b: [0, 20], low: 0.6791, high: 1 },
  ] as const;
  test.each(published)('is Newcombe for $a and $b', ({ a, b, low, high }) => {
    const interval = differenceOf(wilson({ correct: a[0], n: a[1] }), wilson({ correct: b[0], n: b[1] }));
    expect(interval.difference).toBeCloseTo(a[0] / a[1] - b[0] / b[1], 12);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe('meanOfEstimates', () => {
  test('of one estimate is that estimate', () => {
    const one = wilson({ correct: 3, n: 10 });
    const mean = meanOfEstimates([one]);
    expect(mean.low).toBeCloseTo(one.low, 12);
    expect(mean.high).toBeCloseTo(one.high, 12);
  });

  test('of two independent ones is narrower by the square root of two', () => {
    const one = wilson({ correct: 50, n: 100 });
    const mean = meanOfEstimates([one, one]);
    expect(mean.accuracy).toBe(0.5);
    expect(mean.high - mean.accuracy).toBeCloseTo((one.high - 0.5) / Math.SQRT2, 12);
    expect(mean.n).toBe(200);
  });
});

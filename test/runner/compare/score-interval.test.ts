import { describe, expect, test } from '@jest/globals';
import { pBelow, scoreInterval, scoreStatistic } from '../../../runner/compare/score-interval.js';

const z = 1.959963984540054;

/** The statistic with p(worse) found by trying, not by the quadratic. */
function statisticByTrying({ n, worse, better }: { n: number; worse: number; better: number }, d: number): number {
  const logLikelihood = (p: number) => {
    const term = (count: number, share: number) => (count === 0 ? 0 : count * Math.log(Math.max(share, 1e-300)));
    return term(worse, p) + term(better, p + d) + term(n - worse - better, 1 - 2 * p - d);
  };
  let [low, high] = [Math.max(0, -d), (1 - d) / 2];
  for (let step = 0; step < 200; step++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (logLikelihood(a) < logLikelihood(b)) low = a;
    else high = b;
  }
  const p = (low + high) / 2;
  return (better - worse - n * d) / Math.sqrt(n * (2 * p + d - d * d));
}

describe('scoreStatistic', () => {
  const counts = [
    { n: 44, worse: 0, better: 1 },
    { n: 30, worse: 12, better: 1 },
    { n: 100, worse: 7, better: 7 },
    { n: 14_042, worse: 240, better: 260 },
    { n: 25, worse: 3, better: 0 },
    { n: 60.5, worse: 2.25, better: 4.75 },
  ];
  test.each(counts)('maximises the likelihood under the hypothesis, for %j', (pairs) => {
    for (const d of [-0.3, -0.05, -0.01, 0.01, 0.1, 0.4]) {
      expect(scoreStatistic(pairs, d)).toBeCloseTo(statisticByTrying(pairs, d), 4);
    }
  });

  test('is McNemar where no difference is the hypothesis', () => {
    expect(scoreStatistic({ n: 300, worse: 20, better: 8 }, 0)).toBeCloseTo(-12 / Math.sqrt(28), 12);
  });
});

describe('scoreInterval', () => {
  test.each([1, 20, 144, 500, 14_042])('is -+z^2/(n+z^2) for %d pairs that all agree', (n) => {
    const { low, high } = scoreInterval({ n, worse: 0, better: 0 });
    expect(high).toBeCloseTo((z * z) / (n + z * z), 9);
    expect(low).toBeCloseTo(-high, 12);
  });

  test('ends where the statistic reaches the critical value, on both sides', () => {
    for (const pairs of [
      { n: 50, worse: 4, better: 9 },
      { n: 1346, worse: 40, better: 12 },
    ]) {
      const { low, high } = scoreInterval(pairs);
      expect(scoreStatistic(pairs, low)).toBeCloseTo(z, 6);
      expect(scoreStatistic(pairs, high)).toBeCloseTo(-z, 6);
    }
  });

  test('mirrors when the runs change places', () => {
    const one = scoreInterval({ n: 80, worse: 2, better: 11 });
    const other = scoreInterval({ n: 80, worse: 11, better: 2 });
    expect(one.low).toBeCloseTo(-other.high, 12);
    expect(one.high).toBeCloseTo(-other.low, 12);
  });

  test.each([
    [{ n: 5, worse: 5, better: 0 }, -1],
    [{ n: 5, worse: 0, better: 5 }, 1],
  ])('reaches the end of the scale when every pair of %j changed', (pairs, end) => {
    const { low, high } = scoreInterval(pairs);
    expect(end < 0 ? low : high).toBeCloseTo(end, 9);
    expect(Math.abs(end < 0 ? high : low)).toBeLessThan(1);
  });

  test('knows nothing of no pairs', () => {
    expect(scoreInterval({ n: 0, worse: 0, better: 0 })).toEqual({ low: -1, high: 1 });
    expect(pBelow({ n: 0, worse: 0, better: 0 }, -0.01)).toBe(1);
  });
});

test('pBelow crosses 2.5 % exactly where the upper limit crosses the margin', () => {
  const pairs = { n: 1000, worse: 60, better: 20 };
  const { high } = scoreInterval(pairs);
  expect(pBelow(pairs, high)).toBeCloseTo(0.025, 6);
  expect(pBelow(pairs, high + 0.001)).toBeLessThan(0.025);
  expect(pBelow(pairs, high - 0.001)).toBeGreaterThan(0.025);
});

/** Intervals of paired differences against simulated truth: they must cover it as often as they say. */
import { describe, expect, test } from '@jest/globals';
import { pairedDifference, type SubjectPairs, studentQuantile } from '../../../runner/compare/paired-difference.js';
import { scoreInterval } from '../../../runner/compare/score-interval.js';
import { drawPairs, normal, shareOf, uniform } from './draw.js';

const pairs = (n: number, worse: number, better: number): SubjectPairs => ({
  n,
  worse,
  better,
  squares: worse + better,
});

describe('pairedDifference', () => {
  test('of one subject is the score interval of its counts', () => {
    const { difference, low, high, clusters } = pairedDifference([pairs(1000, 40, 25)], { average: 'micro' });
    expect(difference).toBeCloseTo(-0.015, 12);
    const plain = scoreInterval({ n: 1000, worse: 40, better: 25 });
    expect(low).toBeCloseTo(plain.low, 9);
    expect(high).toBeCloseTo(plain.high, 9);
    expect(clusters).toBe(0);
  });

  test('has the cluster-robust standard error where subjects agree within themselves', () => {
    const subjects = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? pairs(50, 6, 2) : pairs(50, 2, 6)));
    const { effective, inflation, clusters } = pairedDifference(subjects, { average: 'micro' });
    // Every S_g is -+4 and d is 0: 40/39 * 40 * 16 / 2000^2.
    const variance = ((40 / 39) * 40 * 16) / 2000 ** 2;
    expect((effective.worse + effective.better) / effective.n / effective.n).toBeCloseTo(variance, 12);
    expect(effective.n).toBeLessThan(2000);
    expect(clusters).toBe(40);
    expect(inflation).toBeCloseTo(2.0227 / 1.95996, 4);
  });

  test('never takes clusters for more than their questions', () => {
    // Every subject is exactly alike: no variance between clusters at all.
    const subjects = Array.from({ length: 20 }, () => pairs(50, 3, 2));
    expect(pairedDifference(subjects, { average: 'micro' }).effective.n).toBeCloseTo(1000, 9);
  });

  test('weighs subjects equally in the macro average, with the variance within each', () => {
    const subjects = [pairs(10, 2, 0), pairs(1000, 20, 40)];
    const { difference, effective } = pairedDifference(subjects, { average: 'macro' });
    expect(difference).toBeCloseTo((-0.2 + 0.02) / 2, 12);
    const variance = ((0.2 - 0.04) / 9 + (0.06 - 0.0004) / 999) / 4;
    const spread = (0.2 + 0.06) / 2 - difference ** 2;
    expect(spread / effective.n).toBeCloseTo(variance, 12);
  });

  test('does not become certain where no pair disagrees, whatever the average', () => {
    const subjects = Array.from({ length: 52 }, (_, at) => pairs(at % 2 === 0 ? 10 : 40, 0, 0));
    const micro = pairedDifference(subjects, { average: 'micro' });
    const macro = pairedDifference(subjects, { average: 'macro' });
    expect(micro.effective.n).toBeCloseTo(1300, 9);
    // Kish: 52^2 / sum(1/n_g).
    expect(macro.effective.n).toBeCloseTo(52 ** 2 / (26 / 10 + 26 / 40), 9);
    expect(micro.low).toBeLessThan(-0.002);
    expect(macro.low).toBeLessThan(micro.low);
  });

  test('counts samples of a question that always agree once', () => {
    // x is -1, 0 or 1: all four samples of a question agree, so that four say no more than one.
    const question = pairedDifference([pairs(200, 12, 4)], { average: 'micro', samples: 4 });
    const single = pairedDifference([pairs(200, 12, 4)], { average: 'micro' });
    expect(question.low).toBeCloseTo(single.low, 9);
    expect(question.high).toBeCloseTo(single.high, 9);
  });

  test('narrows where samples of a question differ by themselves, at most to independent samples', () => {
    // Of 4 samples one got worse, or one better: x = -+1/4.
    const noisy = { n: 200, worse: 40 / 4, better: 40 / 4, squares: 80 / 16 };
    const { effective } = pairedDifference([noisy], { average: 'micro', samples: 4 });
    expect(effective.n).toBeGreaterThan(200);
    expect(effective.n).toBeLessThanOrEqual(800);
  });

  test.each([
    ['no subject', []],
    ['an empty subject', [pairs(0, 0, 0)]],
  ])('of %s says nothing', (_, subjects) => {
    expect(pairedDifference(subjects, { average: 'macro' })).toMatchObject({ low: -1, high: 1 });
  });

  test('lends a subject of one question, which shows no variance, that of all', () => {
    const { effective, difference } = pairedDifference([pairs(1, 0, 0), pairs(40, 20, 10)], { average: 'macro' });
    const spread = 0.75 / 2 - difference ** 2;
    const within = (0.75 - 0.25 ** 2) / 39;
    expect(effective.n).toBeCloseTo(spread / ((spread + within) / 4), 12);
  });
});

test.each([
  [9, 2.26216],
  [19, 2.09302],
  [56, 2.00325],
  [1000, 1.96234],
])('studentQuantile(%d) is as tabulated', (degrees, value) => {
  expect(studentQuantile(degrees)).toBeCloseTo(value, 4);
});

describe('95 % intervals cover the truth 94 to 96 % of the time', () => {
  const times = 4000;
  const independent: [n: number, worse: number, better: number][] = [
    [164, 0.1, 0.1],
    [500, 0.06, 0.06],
    [500, 0.1, 0.02],
    [1346, 0.02, 0.02],
    [1346, 0.1, 0.06],
    [2500, 0.05, 0.03],
  ];
  test.each(independent)('%d independent questions, %d worse, %d better', (n, worse, better) => {
    const draw = uniform(n + 1000 * worse);
    const covered = shareOf(times, () => {
      const { low, high } = pairedDifference([drawPairs(draw, { n, worse, better })], { average: 'micro' });
      return low <= better - worse && better - worse <= high;
    });
    expect([covered, covered >= 0.94 && covered <= 0.96]).toEqual([covered, true]);
  });

  const clustered: [groups: number, size: number, rate: number, spread: number][] = [
    [57, 40, 0.06, 0.03],
    [57, 60, 0.05, 0.04],
    [30, 60, 0.06, 0.03],
  ];
  test.each(clustered)(
    '%d subjects of %d questions, %d each way, subjects differing by %d',
    (groups, n, rate, spread) => {
      const draw = uniform(groups * n);
      const truth = 0.02;
      const covered = shareOf(1500, () => {
        const subjects = Array.from({ length: groups }, () => {
          // Symmetric and bounded, so that the mean over subjects is the truth.
          const shift = Math.max(-rate + 0.01, Math.min(rate - 0.01, spread * normal(draw)));
          return drawPairs(draw, { n, worse: rate - truth / 2 + shift / 2, better: rate + truth / 2 - shift / 2 });
        });
        const { low, high } = pairedDifference(subjects, { average: 'micro' });
        return low <= truth && truth <= high;
      });
      expect([covered, covered >= 0.94 && covered <= 0.965]).toEqual([covered, true]);
    },
  );

  test('and without clustering they would not', () => {
    const draw = uniform(7);
    const covered = shareOf(500, () => {
      const subjects = Array.from({ length: 30 }, () => {
        const shift = Math.max(-0.05, Math.min(0.05, 0.05 * normal(draw)));
        return drawPairs(draw, { n: 100, worse: 0.06 + shift, better: 0.06 - shift });
      });
      const sums = subjects.reduce(
        (sum, { worse, better }) => ({ worse: sum.worse + worse, better: sum.better + better }),
        {
          worse: 0,
          better: 0,
        },
      );
      const { low, high } = scoreInterval({ n: 3000, ...sums });
      return low <= 0 && 0 <= high;
    });
    expect(covered).toBeLessThan(0.85);
  });

  const macro: [groups: number, n: number, worse: number, better: number][] = [
    [52, 26, 0.05, 0.05],
    [52, 26, 0.08, 0.03],
    [20, 60, 0.06, 0.06],
  ];
  test.each(macro)('the mean of %d subjects of about %d questions, %d worse, %d better', (groups, n, worse, better) => {
    const draw = uniform(groups + n);
    const covered = shareOf(1500, () => {
      const subjects = Array.from({ length: groups }, (_, at) =>
        drawPairs(draw, { n: Math.round(n * (0.5 + (at % 5) / 4)), worse, better }),
      );
      const { low, high } = pairedDifference(subjects, { average: 'macro' });
      return low <= better - worse && better - worse <= high;
    });
    expect([covered, covered >= 0.935 && covered <= 0.965]).toEqual([covered, true]);
  });

  test.each([
    [144, 0.005],
    [500, 0.002],
    [14_042, 0.0002],
  ])('%d questions with %d changing each way, hardly ever seen: never less than 94 %%', (n, rate) => {
    const draw = uniform(n);
    const covered = shareOf(n > 10_000 ? 300 : 3000, () => {
      const { low, high } = pairedDifference([drawPairs(draw, { n, worse: rate, better: rate })], { average: 'micro' });
      return low <= 0 && 0 <= high;
    });
    expect(covered).toBeGreaterThanOrEqual(0.94);
  });
});

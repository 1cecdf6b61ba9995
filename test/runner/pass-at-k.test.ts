import { describe, expect, test } from '@jest/globals';
import { passAtK, passAtKs, reportedKs } from '../../runner/pass-at-k.js';

/** The share of all k-subsets of n answers, the first `correct` of them right, that hold a right one. */
function bruteForce(n: number, correct: number, k: number): number {
  let [subsets, passing] = [0, 0];
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members = Array.from({ length: n }, (_, at) => at).filter((at) => mask & (1 << at));
    if (members.length !== k) continue;
    subsets += 1;
    if (members.some((at) => at < correct)) passing += 1;
  }
  return passing / subsets;
}

describe('passAtK', () => {
  test('is the average over all choices of k answers', () => {
    for (let n = 1; n <= 8; n++) {
      for (let correct = 0; correct <= n; correct++) {
        for (let k = 1; k <= n; k++) {
          expect(passAtK({ correct, n }, k)).toBeCloseTo(bruteForce(n, correct, k), 12);
        }
      }
    }
  });

  test('is exactly 1 when too few answers are wrong, and exactly 0 when all are', () => {
    expect(passAtK({ correct: 3, n: 5 }, 3)).toBe(1);
    expect(passAtK({ correct: 0, n: 200 }, 100)).toBe(0);
    expect(passAtK({ correct: 1, n: 200 }, 100)).toBeCloseTo(0.5, 12);
  });

  test.each([0, 5, 1.5, Number.NaN])('refuses k = %d of 4 answers', (k) => {
    expect(() => passAtK({ correct: 4, n: 4 }, k)).toThrow(/from 1 to the 4 answers/);
  });
});

describe('passAtKs', () => {
  test('are for the powers of two, 10 and 100 that there are answers for', () => {
    expect(reportedKs(1)).toEqual([1]);
    expect(reportedKs(7)).toEqual([1, 2, 4]);
    expect(reportedKs(12)).toEqual([1, 2, 4, 8, 10]);
    expect(reportedKs(100)).toEqual([1, 2, 4, 8, 10, 16, 32, 64, 100]);
  });

  test('are means over tasks with their standard errors', () => {
    const tasks = [0, 1, 4].map((correct) => ({ correct, n: 4 }));
    const passes = passAtKs(tasks, 4);
    expect(Object.keys(passes)).toEqual(['1', '2', '4']);
    // pass@2 of the tasks: 0, 1/2, 1. Standard deviation 1/2.
    expect(passes['2']).toEqual({ mean: 0.5, standard_error: expect.closeTo(0.5 / Math.sqrt(3), 12), tasks: 3 });
    expect(passes['4']?.mean).toBeCloseTo(2 / 3, 12);
    expect(passAtKs([{ correct: 1, n: 2 }], 2)['1']?.standard_error).toBeNull();
  });
});

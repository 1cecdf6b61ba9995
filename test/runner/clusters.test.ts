/** Several samples of a question: how many independent ones they are worth. */
import { describe, expect, test } from '@jest/globals';
import { clusteredMacroMean, clusteredWilson, effectiveCount, macroMean, wilson } from '../../runner/statistics.js';

const questions = (n: number, corrects: readonly number[]) => corrects.map((correct) => ({ correct, n }));

describe('effectiveCount', () => {
  test('gives the standard error of the mean of the questions', () => {
    const counts = questions(4, [4, 3, 0, 0, 4, 1, 2, 0]);
    const { correct, n } = effectiveCount(counts);
    const p = 14 / 32;
    const squares = counts.reduce((sum, count) => sum + (count.correct / 4 - p) ** 2, 0);
    expect(correct / n).toBeCloseTo(p, 12);
    expect((p * (1 - p)) / n).toBeCloseTo(squares / 8 ** 2, 12);
    expect(n).toBeLessThan(32);
  });

  test.each([
    ['one, where samples of a question always agree', [4, 0, 0, 4, 0], 5],
    ['four, where questions differ less than chance makes them', [2, 2, 2, 2], 16],
    ['one, where all are right', [4, 4, 4], 3],
    ['one, where none is right', [0, 0, 0], 3],
    ['one, where there is one question', [2], 1],
  ])('counts the four samples of a question as %s', (_, corrects, n) => {
    expect(effectiveCount(questions(4, corrects)).n).toBeCloseTo(n, 12);
  });
});

describe('intervals over questions', () => {
  test('of one sample each are exactly those without clusters', () => {
    const single = questions(1, [1, 0, 1, 1, 0, 0, 1]);
    expect(clusteredWilson(single)).toEqual(wilson({ correct: 4, n: 7 }));
    expect(clusteredMacroMean([single, questions(1, [1, 1, 0])])).toEqual(
      macroMean([
        { correct: 4, n: 7 },
        { correct: 2, n: 3 },
      ]),
    );
  });

  test('do not narrow when every answer is given four times', () => {
    const once = clusteredWilson(questions(1, [1, 0, 1, 1, 0]));
    const often = clusteredWilson(questions(4, [4, 0, 4, 4, 0]));
    expect(often).toMatchObject({ accuracy: 0.6, n: 20 });
    expect([often.low, often.high]).toEqual([expect.closeTo(once.low, 12), expect.closeTo(once.high, 12)]);
    const macro = clusteredMacroMean([questions(4, [4, 0]), questions(4, [4, 0, 0])]);
    const plain = macroMean([
      { correct: 1, n: 2 },
      { correct: 1, n: 3 },
    ]);
    expect(macro).toMatchObject({ n: 20, groups: 2, low: expect.closeTo(plain.low, 12) });
    expect(Number.isFinite(clusteredMacroMean([questions(2, [1])]).low)).toBe(true);
  });
});

import { describe, expect, test } from '@jest/globals';
import { anchorIds, logProbOf, logSumOf, topTokens } from '../../../engine/live/row-log-probs.js';

/** A small generator, so that every run sees the same rows. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the normaliser of a row', () => {
  test.each([
    [0.5, 3],
    [8, 20],
    [40, 100],
    [1000, 5],
  ])('gives the log-probability of every token back, bit for bit (around %f, spread %f)', (centre, spread) => {
    const next = numbers(7);
    const vocabulary = 500;
    const anchors = anchorIds(vocabulary);
    for (let row = 0; row < 300; ++row) {
      const logits = Float32Array.from({ length: vocabulary }, () => centre - spread * next());
      const logSum = Math.fround(centre + Math.log(vocabulary) - spread * 0.1 * next());
      const told = Float32Array.from(anchors, (id) => (logits[id] as number) - logSum);
      const found = logSumOf(logits, anchors, told);
      const wrong = [...logits.keys()].filter((id) => logProbOf(logits, found, id) !== logProbOf(logits, logSum, id));
      expect(wrong).toEqual([]);
    }
  });

  test('that is tiny beside the log-probabilities is found within 1e-6', () => {
    const next = numbers(3);
    const anchors = anchorIds(500);
    for (let row = 0; row < 100; ++row) {
      const logits = Float32Array.from({ length: 500 }, (_, id) => (id === 77 ? -0.001 : -10 - 15 * next()));
      const logSum = Math.fround(0.01 * next());
      const told = Float32Array.from(anchors, (id) => (logits[id] as number) - logSum);
      expect(Math.abs(logSumOf(logits, anchors, told) - logSum)).toBeLessThan(1e-6);
    }
  });

  test('needs no more anchors than there are tokens', () => {
    expect(anchorIds(3)).toEqual([0, 1, 2]);
    expect(new Set(anchorIds(100_000)).size).toBe(16);
  });
});

describe('the most probable tokens', () => {
  test.each([
    [[1, 3, 2], 2, [1, 2]],
    [[5, 5, 7, 5], 3, [2, 0, 1]],
    [[1, 2], 5, [1, 0]],
    [[1, 2], 0, []],
    [[Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY], 2, [1, 0]],
  ])('of %j, %i of them, are %j', (logits, count, ids) => {
    expect(topTokens(Float32Array.from(logits), 0, count).map(({ id }) => id)).toEqual(ids);
  });
});

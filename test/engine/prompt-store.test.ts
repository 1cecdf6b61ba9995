import { describe, expect, test } from '@jest/globals';
import { PromptStore } from '../../engine/prompt-store.js';
import { commonLength } from '../../engine/token-ids.js';

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

const PROMPTS: readonly (readonly number[])[] = [
  range(0, 100),
  [...range(0, 90), 7, 8, 9],
  [...range(0, 90), 7, 8],
  range(0, 60),
  range(0, 100),
  [...range(0, 100), 1],
  [],
  [5],
  // An id that needs four bytes, in an end and in a whole prompt; then narrow ones again.
  [...range(0, 100), 2 ** 17],
  [2 ** 32 - 1, 65_535, 65_536, 0],
  range(0, 100),
  // Longer than a block.
  range(1, 40_000),
  [...range(1, 39_000), 3],
  range(0, 100),
];

describe('PromptStore', () => {
  test('gives back what was put in, read in any way', () => {
    const store = new PromptStore();
    const stored = PROMPTS.map((prompt) => store.add(prompt));
    for (const [i, prompt] of PROMPTS.entries()) {
      const ids = stored[i];
      expect(ids?.length).toBe(prompt.length);
      expect([...(ids ?? [])]).toEqual(prompt);
      expect(ids?.slice()).toEqual(prompt);
      for (const [from, to] of [
        [1, 3],
        [-2, undefined],
        [88, 95],
        [0, -1],
        [5, 2],
        [90, 1000],
      ] as const) {
        expect(ids?.slice(from, to)).toEqual(prompt.slice(from, to));
      }
      for (const at of [0, 50, 89, 90, 99, 100, -1, -200]) expect(ids?.at(at)).toBe(prompt.at(at));
      expect(JSON.stringify({ ids })).toBe(JSON.stringify({ ids: prompt }));
    }
  });

  test('counts what two prompts have in common as their arrays do', () => {
    const store = new PromptStore();
    const stored = PROMPTS.map((prompt) => store.add(prompt));
    for (const [i, a] of PROMPTS.entries()) {
      for (const [k, b] of PROMPTS.entries()) {
        const expected = commonLength(a, b);
        const [one, other] = [stored[i] ?? [], stored[k] ?? []];
        expect([i, k, commonLength(one, other), commonLength(one, b)]).toEqual([i, k, expected, expected]);
        expect(commonLength(one, other, { limit: 40 })).toBe(Math.min(40, expected));
      }
    }
  });
});

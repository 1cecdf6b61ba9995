import { describe, expect, test } from '@jest/globals';
import { countPromptTokens } from '../../runner/prompt-tokens.js';

describe('countPromptTokens', () => {
  const cases: [name: string, prompts: number[][], asked: number, computed: number][] = [
    ['nothing', [], 0, 0],
    ['one prompt', [[1, 2, 3]], 3, 3],
    [
      'the same prompt twice',
      [
        [1, 2],
        [1, 2],
      ],
      4,
      2,
    ],
    [
      'no common prefix',
      [
        [1, 2],
        [2, 1],
      ],
      4,
      4,
    ],
    ['a common prefix that does not stand side by side', [[1, 2, 3], [9], [1, 2, 4]], 7, 5],
    ['a prompt that is the prefix of another', [[1, 2, 3], [1], [1, 2]], 6, 3],
    [
      'a tree of three levels',
      [
        [1, 2, 3],
        [1, 2, 4],
        [1, 5, 6],
        [1, 5, 7],
      ],
      12,
      7,
    ],
  ];
  test.each(cases)('%s', (_, prompts, asked, computed) => {
    expect(countPromptTokens(prompts)).toEqual({ asked, computed, shared: asked - computed });
  });
});

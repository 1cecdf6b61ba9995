/** The letters must be single tokens that start where the prompt ends; anything else is refused before a run. */
import { describe, expect, test } from '@jest/globals';
import type { ChoicePlan } from '../../suites/suite.js';
import { type BoundaryTokenizer, letterTokens } from '../../suites/token-boundary.js';
import { fixturePlan } from './fixtures.js';

/** A tokenizer that splits by a pattern and numbers pieces as they come. */
function tokenizerOf(pattern: RegExp, prefix: readonly string[] = []): BoundaryTokenizer {
  const pieces: string[] = [];
  const idOf = (piece: string) => {
    if (!pieces.includes(piece)) pieces.push(piece);
    return pieces.indexOf(piece);
  };
  return {
    encode: (text) => [...prefix, ...(text.match(pattern) ?? [])].map(idOf),
    tokenOf: (id) => pieces[id],
  };
}

/** Words with the space before them, and single marks: what byte-level BPE does to our prompts. */
const WORDS = /[^\S\n]?[\p{L}\p{N}]+|\s|[^\s\p{L}\p{N}]/gu;
/** As the DeepSeek and Qwen pre-tokenizers do: a mark takes the Latin word that follows it directly. */
const MERGING = /[!-/:-@][A-Za-z]+|[^\S\n]?[\p{L}\p{N}]+|\s|[^\s\p{L}\p{N}]/gu;

describe('letterTokens', () => {
  test.each([
    ['mmlu', 'official', ' '],
    ['mmlu', 'deepseek', ' '],
    ['mmlu', 'lm-eval', ' '],
    ['ceval', 'official', ''],
    ['ceval', 'lm-eval', ' '],
    ['cmmlu', 'deepseek', ''],
  ])('gives one token for each letter of %s under %s', async (suite, protocol, space) => {
    const tokenizer = tokenizerOf(MERGING, ['<bos>']);
    const tokens = letterTokens(await fixturePlan(suite, { protocol }), tokenizer);
    const pieces = Object.entries(tokens).map(([label, id]) => [label, tokenizer.tokenOf?.(id)]);
    expect(pieces).toEqual(['A', 'B', 'C', 'D'].map((label) => [label, space + label]));
    expect(new Set(Object.values(tokens)).size).toBe(4);
  });

  test('refuses a letter that merges with the end of the prompt, and shows the tokens', async () => {
    const bare = withContinuations(await fixturePlan('mmlu'), (label) => label);
    expect(() => letterTokens(bare, tokenizerOf(MERGING))).toThrow(
      expect.objectContaining({
        code: 'tokenizer/letter-boundary',
        message: expect.stringMatching(
          /"A" cannot be read .* after the prompt of mmlu\/abstract_algebra\/0\. Expected .*"Answer" \d+, ":" \d+\] and one more, found .*"Answer" \d+, ":A" \d+\]/,
        ),
      }),
    );
  });

  test('refuses a letter of two tokens', async () => {
    const plan = await fixturePlan('mmlu');
    expect(() => letterTokens(plan, tokenizerOf(/[\s\S]/gu))).toThrow(/found \.\.\. \[.*" " \d+, "A" \d+\]/);
  });

  test('refuses a letter that changes the tokens before it, even when it adds one token', async () => {
    const words = tokenizerOf(WORDS);
    const encode = (text: string) => {
      const ids = words.encode(text);
      return / [ABCD]$/.test(text) ? [...ids.slice(0, -2), 55_555, ...ids.slice(-1)] : ids;
    };
    const plan = await fixturePlan('mmlu');
    expect(() => letterTokens(plan, { encode })).toThrow(/and one more, found .* 55555, /);
  });

  test('refuses letters that share one token, such as the unknown token', async () => {
    const plan = await fixturePlan('mmlu');
    const words = tokenizerOf(WORDS);
    const unknown = 9_999;
    const encode = (text: string) =>
      words.encode(text).map((id) => (/^ [ABCD]$/.test(words.tokenOf?.(id) ?? '') ? unknown : id));
    expect(() => letterTokens(plan, { encode })).toThrow(/A has the same token/);
  });

  test('refuses a tokenizer that ends every text with a special token', async () => {
    const words = tokenizerOf(WORDS);
    const plan = await fixturePlan('mmlu');
    expect(() => letterTokens(plan, { encode: (text) => [...words.encode(text), 77_777] })).toThrow(
      expect.objectContaining({ code: 'tokenizer/letter-boundary' }),
    );
  });

  test('checks every subject, not only the first', async () => {
    const plan = await fixturePlan('ceval');
    const [sample] = plan.samples;
    if (sample === undefined) throw new Error('no sample');
    const other = { ...sample, id: 'ceval/logic/0', group: 'logic', context: `${sample.context}Answer:` };
    const two: ChoicePlan = { ...plan, samples: [...plan.samples, other] };
    expect(() => letterTokens(two, tokenizerOf(MERGING))).toThrow(/ceval\/logic\/0/);
  });

  test('refuses a letter whose token changes from prompt to prompt', async () => {
    const plan = await fixturePlan('ceval');
    const [sample] = plan.samples;
    if (sample === undefined) throw new Error('no sample');
    const spaced = { A: ' A', B: ' B', C: ' C', D: ' D' };
    const two: ChoicePlan = {
      ...plan,
      samples: [...plan.samples, { ...sample, id: 'ceval/logic/0', group: 'logic', continuations: spaced }],
    };
    expect(() => letterTokens(two, tokenizerOf(WORDS))).toThrow(/its token is \["A" \d+\] in other prompts/);
  });
});

function withContinuations(plan: ChoicePlan, text: (label: string) => string): ChoicePlan {
  const continuations = Object.fromEntries(['A', 'B', 'C', 'D'].map((label) => [label, text(label)]));
  return { ...plan, samples: plan.samples.map((sample) => ({ ...sample, continuations })) };
}

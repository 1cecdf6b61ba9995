/** Published tokenizers against recorded answers of the reference implementations. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.js';
import { packageRoot } from '../../../package-root.js';

const shared = process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared');

interface Golden {
  readonly cases: readonly { text: string; ids: number[]; with_special: number[]; decoded: string }[];
}
interface ModelGolden {
  readonly cases: readonly { prompt: string; ids: number[]; greedy_ids: number[]; greedy_text: string }[];
}

/** `config`: what the tokenizer_config.json beside tokenizer.json puts before what tokenizer.json alone gives. */
const published = [
  { name: 'deepseek-v2', config: [], bosId: undefined, eosIds: [], vocabSize: 100_015 },
  { name: 'deepseek-v3', config: [0], bosId: 0, eosIds: [1], vocabSize: 128_815 },
  { name: 'llama-3.1', config: [], bosId: 128_000, eosIds: [128_009], vocabSize: 128_256 },
  { name: 'qwen2.5', config: [], bosId: undefined, eosIds: [151_645], vocabSize: 151_665 },
];

const describeShared = existsSync(path.join(shared, 'tokenizers')) ? describe : describe.skip;

describeShared('recorded answers (skipped where the shared reference folder is absent)', () => {
  test.each(published)('$name gives the recorded ids and text for every case', async (expected) => {
    const folder = path.join(shared, 'tokenizers', expected.name);
    const tokenizer = await loadTokenizer(folder);
    const golden = JSON.parse(readFileSync(path.join(folder, 'golden.json'), 'utf8')) as Golden;
    expect(golden.cases.length).toBeGreaterThan(20);
    for (const { text, ids, with_special: withSpecial, decoded } of golden.cases) {
      const ours = {
        ids: tokenizer.encode(text, { addSpecialTokens: false }),
        withSpecial: tokenizer.encode(text),
        decoded: tokenizer.decode(ids),
      };
      expect({ text, ...ours }).toEqual({ text, ids, withSpecial: [...expected.config, ...withSpecial], decoded });
    }
    const { bosId, eosIds, vocabSize } = tokenizer;
    expect({ bosId, eosIds, vocabSize }).toEqual({ ...expected, name: undefined, config: undefined });
  });

  test('a prompt that a chat template began with the BOS gets no second one', async () => {
    const deepseek = await loadTokenizer(path.join(shared, 'tokenizers/deepseek-v3'));
    expect(deepseek.encode('<｜begin▁of▁sentence｜><｜User｜>hi')).toEqual([0, 128803, 6366]);
    const llama = await loadTokenizer(path.join(shared, 'tokenizers/llama-3.1'));
    expect(llama.encode('<|begin_of_text|>hi')).toEqual(llama.encode('hi'));
  });

  test('stories260K gives the ids and texts recorded from transformers', async () => {
    const folder = path.join(shared, 'models/stories260K');
    const tokenizer = await loadTokenizer(folder);
    const golden = JSON.parse(readFileSync(path.join(folder, 'hf_golden.json'), 'utf8')) as ModelGolden;
    expect(golden.cases.length).toBeGreaterThan(2);
    for (const { prompt, ids, greedy_ids: greedyIds, greedy_text: greedyText } of golden.cases) {
      expect(tokenizer.encode(prompt)).toEqual(ids);
      expect(tokenizer.decode(greedyIds, { skipSpecialTokens: true })).toBe(greedyText);
    }
    expect(tokenizer.bosId).toBe(1);
    expect(tokenizer.eosIds).toEqual([2]);
  });

  test('MiniMind2-small, whose config says add_bos_token false, gets no BOS', async () => {
    const tokenizer = await loadTokenizer(path.join(shared, 'models/minimind2-small'));
    expect(tokenizer.encode('Answer: A')).toEqual(tokenizer.encode('Answer: A', { addSpecialTokens: false }));
    expect(tokenizer.bosId).toBe(1);
    expect(tokenizer.eosIds).toEqual([2]);
    expect(tokenizer.chatTemplate).toContain('<|im_start|>');
  });
});

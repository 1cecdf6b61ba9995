/** The model in the box gives the logits, drafts and greedy texts that Hugging Face transformers computes for its files. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LocalEngine } from '../../../engine/local-engine.js';
import { defaultModel } from '../../../models/default-model.js';
import { packageRoot } from '../../../package-root.js';
import { readGolden } from '../../engine/golden.js';

const TOLERANCE = 5e-4;
/** The golden file holds every ninth column. */
const STRIDE = 9;

const golden = readGolden(path.join(packageRoot, 'test', 'fixtures', 'nano', 'golden.safetensors'));

/** Largest difference of whole rows `ours` from the golden rows that begin at value `offset`; and how many values were compared. */
function compare(ours: Float32Array, wanted: Float32Array, offset: number, vocab: number): [number, number] {
  let worst = 0;
  let count = 0;
  for (let row = 0; row < ours.length; row += vocab) {
    for (let column = 0; column < vocab; column += STRIDE) {
      const difference = Math.abs((ours[row + column] as number) - (wanted[offset + count++] as number));
      if (!(difference <= worst)) worst = difference;
    }
  }
  return [worst, count];
}

describe('the model in the box against transformers, float32', () => {
  let engine: LocalEngine;
  beforeAll(async () => {
    engine = await loadEngine({ model: await defaultModel(), dtype: 'f32' });
  });
  afterAll(() => engine.close());

  test.each(golden.prompts)('prompt %i: logits and drafts', async (prompt) => {
    const ids = [...golden.ints(`tokens.${prompt}`)];
    for (const options of [{}, { chunk: 1, decode: true }]) {
      const seen = { logits: 0, logits_mtp: 0 };
      for await (const { logits, mtpLogits } of engine.logits(ids, options)) {
        for (const [name, ours] of [
          ['logits', logits],
          ['logits_mtp', mtpLogits],
        ] as const) {
          const wanted = golden.floats(`${name}.${prompt}`) as Float32Array;
          const [worst, count] = compare(ours, wanted, seen[name], engine.arch.vocabSize);
          expect(worst).toBeLessThanOrEqual(TOLERANCE);
          seen[name] += count;
        }
      }
      expect(seen.logits).toBe(golden.floats(`logits.${prompt}`)?.length);
      expect(seen.logits_mtp).toBe(golden.floats(`logits_mtp.${prompt}`)?.length);
    }
  });

  test('a token leaves the latent and its rotary part in the cache, where multi-head attention would leave 3.2 times as much', () => {
    const [layers, latent, rotary, heads] = [5, 128, 32, 4];
    expect(engine.info.kvCache).toEqual({
      bytesPerToken: 4 * layers * (latent + rotary),
      mhaBytesPerToken: 4 * layers * heads * (32 + 32 + 64),
    });
  });

  test('greedy continuations', async () => {
    const requests = golden.prompts.map((prompt) => ({
      id: String(prompt),
      context: [...golden.ints(`tokens.${prompt}`)],
      maxTokens: 24,
      stopIds: [],
    }));
    let results = 0;
    for await (const { id, ids } of engine.generate(requests)) {
      expect({ id, ids }).toEqual({ id, ids: [...golden.ints(`greedy.${id}`)] });
      ++results;
    }
    expect(results).toBe(4);
  });
});

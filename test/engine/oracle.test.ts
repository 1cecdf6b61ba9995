import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateResult } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { packageRoot } from '../../package-root.js';
import { type GoldenTensors, readGolden } from './golden.js';

/** What the references themselves promise: the same forward in float64 differs from them by at most 1e-4. */
const TOLERANCE = 5e-4;

const shared = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'oracle', 'checkpoints');
const fixtures = path.join(packageRoot, 'test', 'fixtures', 'oracle');
const root = existsSync(shared) ? shared : fixtures;
const names = readdirSync(root).filter((name) => existsSync(path.join(root, name, 'golden.safetensors')));

function maxDifference(ours: Float32Array, golden: Float32Array, offset: number): number {
  let worst = 0;
  ours.forEach((value, i) => {
    const difference = Math.abs(value - (golden[offset + i] as number));
    if (!(difference <= worst)) worst = difference;
  });
  return worst;
}

async function logitsError(
  engine: LocalEngine,
  golden: GoldenTensors,
  prompt: number,
  options: { chunk?: number; decode?: boolean },
) {
  const ids = [...golden.ints(`tokens.${prompt}`)];
  const drafts = golden.floats(`logits_mtp.${prompt}`);
  let rows = 0;
  let draftRows = 0;
  let worst = 0;
  for await (const { logits, mtpLogits } of engine.logits(ids, options)) {
    worst = Math.max(worst, maxDifference(logits, golden.floats(`logits.${prompt}`) as Float32Array, rows));
    if (drafts !== undefined) worst = Math.max(worst, maxDifference(mtpLogits, drafts, draftRows));
    rows += logits.length;
    draftRows += mtpLogits.length;
  }
  expect(rows).toBe(golden.floats(`logits.${prompt}`)?.length);
  expect(draftRows).toBe(drafts?.length ?? 0);
  return worst;
}

describe.each(names)('%s in float32', (name) => {
  const folder = path.join(root, name);
  const golden = readGolden(path.join(folder, 'golden.safetensors'));
  let engine: LocalEngine;
  beforeAll(async () => {
    engine = await loadEngine({ model: folder, dtype: 'f32', withoutTokenizer: true });
  });
  afterAll(() => engine.close());

  test.each(golden.prompts)(
    'prompt %i: logits agree with the reference, in one piece, chunked, and token by token',
    async (prompt) => {
      expect(await logitsError(engine, golden, prompt, {})).toBeLessThanOrEqual(TOLERANCE);
      expect(await logitsError(engine, golden, prompt, { chunk: 5 })).toBeLessThanOrEqual(TOLERANCE);
      expect(await logitsError(engine, golden, prompt, { chunk: 1, decode: true })).toBeLessThanOrEqual(TOLERANCE);
    },
  );

  test("greedy continuations are the reference's, batched together", async () => {
    const requests = golden.prompts.map((prompt) => ({
      id: String(prompt),
      context: [...golden.ints(`tokens.${prompt}`)],
      maxTokens: 16,
      stopIds: [],
    }));
    const results: GenerateResult[] = [];
    for await (const result of engine.generate(requests)) results.push(result);
    for (const { id, ids } of results) expect({ id, ids }).toEqual({ id, ids: [...golden.ints(`greedy.${id}`)] });
    expect(results).toHaveLength(requests.length);
  });
});

const fp8 = path.join(shared, 'deepseek-v3-fp8');
(existsSync(fp8) ? describe : describe.skip)('deepseek-v3-fp8 in fp8 mode (needs the shared references)', () => {
  test('is far closer to quantised activations than to weights only', async () => {
    const golden = readGolden(path.join(fp8, 'golden.safetensors'));
    const engine = await loadEngine({ model: fp8, dtype: 'fp8', withoutTokenizer: true });
    const toQuantised: number[] = [];
    const toWeights: number[] = [];
    const untouched: number[] = [];
    for (const prompt of golden.prompts) {
      const from = toQuantised.length;
      const vocab = engine.arch.vocabSize;
      for await (const { rows, logits } of engine.logits([...golden.ints(`tokens.${prompt}`)])) {
        for (let row = 0; row < rows; ++row) {
          const ours = logits.subarray(row * vocab, (row + 1) * vocab);
          toQuantised.push(rms(ours, golden.floats(`logits_w8a8.${prompt}`) as Float32Array, row * vocab));
          toWeights.push(rms(ours, golden.floats(`logits.${prompt}`) as Float32Array, row * vocab));
        }
      }
      const fallen = toQuantised.findIndex((distance, row) => row >= from && distance > 1e-5);
      untouched.push((fallen < 0 ? toQuantised.length : fallen) - from);
    }
    await engine.close();
    // A value on the edge between two codes falls by the last bit of a float32 sum, about once in all prompts, wherever the
    // order of a kernel's additions puts it; from then on the rows of its prompt agree only roughly. Before it they are
    // W8A8's to the last bits, and after it still nearer to W8A8 than to the weights alone, which are nowhere near.
    expect(Math.min(...untouched)).toBeGreaterThanOrEqual(1);
    expect(untouched.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThanOrEqual(2 * golden.prompts.length);
    expect(median(toQuantised)).toBeLessThan(median(toWeights));
    expect(Math.min(...toWeights)).toBeGreaterThan(1e-3);
  });
});

function rms(ours: Float32Array, golden: Float32Array, offset: number): number {
  let sum = 0;
  ours.forEach((value, i) => {
    sum += (value - (golden[offset + i] as number)) ** 2;
  });
  return Math.sqrt(sum / ours.length);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

const stories = path.join(
  process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'),
  'models',
  'stories260K',
);
(existsSync(stories) ? describe : describe.skip)('stories260K (needs the shared models)', () => {
  test("ids, log-probabilities and greedy text are the reference's", async () => {
    const { cases } = JSON.parse(readFileSync(path.join(stories, 'hf_golden.json'), 'utf8')) as {
      cases: {
        rendered: string;
        ids: number[];
        prompt_token_logprobs: number[];
        next_top10: [number, number][];
        greedy_ids: number[];
        greedy_text: string;
      }[];
    };
    const engine = await loadEngine({ model: stories, dtype: 'f32' });
    for (const golden of cases) {
      expect(engine.tokenizer.encode(golden.rendered)).toEqual(golden.ids);
      const requests = golden.ids
        .slice(1)
        .map((token, i) => ({ id: String(i), context: golden.ids.slice(0, i + 1), continuations: [[token]] }));
      const next = { id: 'next', context: golden.ids, continuations: golden.next_top10.map(([token]) => [token]) };
      for await (const { id, logProbs } of engine.score([...requests, next])) {
        const wanted =
          id === 'next' ? golden.next_top10.map(([, value]) => value) : [golden.prompt_token_logprobs[Number(id)]];
        logProbs.forEach((value, i) => {
          expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(1e-4);
        });
      }
      const maxTokens = golden.greedy_ids.length;
      for await (const { ids, text } of engine.generate([
        { id: 'greedy', context: golden.ids, maxTokens, stopIds: [] },
      ])) {
        expect(ids).toEqual(golden.greedy_ids);
        expect(text).toBe(golden.greedy_text);
      }
    }
    await engine.close();
  });
});

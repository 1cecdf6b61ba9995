import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openCheckpoint } from '../../engine/checkpoint/checkpoint.js';
import { loadEngine, openEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { EvalrunError } from '../../errors.js';
import { writeRandomModel } from '../../models/random-model.js';

let folder: string;
let intact: string;
beforeAll(() => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-load-'));
  folder = path.join(scratch, 'model');
  writeRandomModel(folder, 'random');
  intact = path.join(scratch, 'model.safetensors');
  copyFileSync(path.join(folder, 'model.safetensors'), intact);
});
afterAll(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

async function errorOfLoading(dtype: 'f32' | 'bf16' | 'fp8', referenceKernels = false): Promise<EvalrunError> {
  try {
    const engine = await loadEngine({ model: folder, dtype, device: 'cpu', referenceKernels });
    await engine.close();
  } catch (error) {
    if (error instanceof EvalrunError) return error;
    throw error;
  }
  throw new Error('it loads');
}

describe('a checkpoint with one number that is not finite', () => {
  // What is packed, what is converted row by row, what is looked up, what is used as it is.
  const names = [
    'model.layers.1.mlp.experts.3.up_proj.weight',
    'model.layers.0.self_attn.kv_b_proj.weight',
    'model.layers.0.mlp.down_proj.weight',
    'model.embed_tokens.weight',
    'lm_head.weight',
    'model.norm.weight',
    'model.layers.1.mlp.gate.e_score_correction_bias',
  ];

  test.each(names)('in %s is refused with the place, in every precision', async (name) => {
    copyFileSync(intact, path.join(folder, 'model.safetensors'));
    const tensor = openCheckpoint(folder).tensors.find((candidate) => candidate.name === name);
    if (tensor === undefined) throw new Error(`no ${name}`);
    const elements = tensor.shape.reduce((product, size) => product * size, 1);
    const element = elements - 2;
    const bytes = tensor.bytes / elements;
    const file = openSync(path.join(folder, 'model.safetensors'), 'r+');
    // NaN in bfloat16 and float32 alike.
    writeSync(file, Buffer.alloc(bytes, 0xff), 0, bytes, tensor.offset + element * bytes);
    closeSync(file);
    for (const dtype of ['f32', 'bf16', 'fp8'] as const) {
      const error = await errorOfLoading(dtype);
      expect(error.code).toBe('checkpoint/non-finite');
      expect(error.message).toContain(`${name} are damaged`);
      expect(error.message).toContain(`at element ${element}`);
    }
    expect((await errorOfLoading('bf16', true)).code).toBe('checkpoint/non-finite');
  });
});

test('the fingerprint is of the stored weights, whatever is made of them', async () => {
  copyFileSync(intact, path.join(folder, 'model.safetensors'));
  const fingerprints = new Set<string>();
  for (const dtype of ['f32', 'bf16', 'fp8'] as const) {
    for (const options of [{ threads: 1 }, { threads: 3 }, { referenceKernels: true }]) {
      const engine = await loadEngine({ model: folder, dtype, device: 'cpu', ...options });
      fingerprints.add(engine.info.weightFingerprint);
      await engine.close();
    }
  }
  expect([...fingerprints]).toEqual(['d81e75d8ac65f9894cb39e5b7090c8c2a5a8463a4f121675c3b26ed358d1cf78']);
});

describe('an engine that is being loaded', () => {
  test('tells its tokenizer and all but what the weights say', async () => {
    copyFileSync(intact, path.join(folder, 'model.safetensors'));
    const opening = await openEngine({ model: folder, dtype: 'bf16', device: 'cpu' });
    const { weightFingerprint, kernels, ...known } = (await opening.loaded).info;
    expect(known).toEqual(opening.info);
    expect(weightFingerprint).toHaveLength(64);
    expect(Object.keys(kernels)).not.toHaveLength(0);
    expect(opening.tokenizer).toBe((await opening.loaded).tokenizer);
    await opening.close();
    await expect(scoreOne(await opening.loaded)).rejects.toThrow('the model is closed');
  });

  test('stops loading when it is closed', async () => {
    const opening = await openEngine({ model: folder, dtype: 'bf16', device: 'cpu' });
    await opening.close();
    await expect(opening.loaded).rejects.toMatchObject({ code: 'engine/load' });
  });
});

async function scoreOne(engine: LocalEngine): Promise<void> {
  const request = { id: 'one', context: [1, 2], continuations: [[3]] };
  for await (const result of engine.score([request])) expect(result.logProbs).toHaveLength(1);
}

test("a tokenizer's error is told while weights are being read", async () => {
  writeFileSync(path.join(folder, 'tokenizer.json'), '{');
  expect((await errorOfLoading('bf16')).code).toMatch(/^tokenizer\/|^checkpoint\//);
});

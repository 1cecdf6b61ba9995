import { describe, expect, test } from '@jest/globals';
import { deepseekV2KvClaim, kvCacheCosts } from '../../../engine/accounting/kv-cache.js';
import { countParameters } from '../../../engine/accounting/parameters.js';
import { memoryFit, weightBytes } from '../../../engine/accounting/weight-memory.js';
import { expectedTensors } from '../../../engine/architectures/expected-tensors.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';
import {
  DEEPSEEK_V2,
  DEEPSEEK_V2_LITE,
  DEEPSEEK_V3,
  LLAMA_3_2_1B,
  MOONLIGHT,
  QWEN3_0_6B,
} from '../architectures/published-configs.js';

describe('kvCacheCosts', () => {
  test.each([
    ['DeepSeek-V3', DEEPSEEK_V3, 35136, 70272, 4997120, 98.59],
    ['DeepSeek-V2', DEEPSEEK_V2, 34560, 69120, 4915200, 98.59],
    ['DeepSeek-V2-Lite', DEEPSEEK_V2_LITE, 15552, 31104, 276480, 88.75],
    ['Moonlight', MOONLIGHT, 15552, 31104, 276480, 88.75],
    ['Llama 3.2 1B', LLAMA_3_2_1B, 16384, 32768, 131072, 75],
    ['Qwen3 0.6B', QWEN3_0_6B, 57344, 114688, 229376, 50],
  ])('compares %s with its own multi-head attention in BF16', (_, config, elements, bytes, mhaBytes, saving) => {
    const costs = kvCacheCosts(archSpecOf(config));
    expect([costs.elementsPerToken, costs.bytesPerToken, costs.ownMha.bytesPerToken]).toEqual([
      elements,
      bytes,
      mhaBytes,
    ]);
    expect(100 * costs.ownMha.saving).toBeCloseTo(saving, 2);
  });

  test('compares with named models by their own shapes', () => {
    const { others, bytesPerToken } = kvCacheCosts(archSpecOf(DEEPSEEK_V3));
    expect(others.map(({ name, bytesPerToken: bytes }) => [name, bytes])).toEqual([
      ['DeepSeek-67B', 389120],
      ['Qwen2.5-72B', 327680],
      ['Llama-3.1-405B', 516096],
    ]);
    for (const other of others) expect(other.saving).toBe(1 - bytesPerToken / other.bytesPerToken);
  });

  test('scales every side with the size of a number, so that savings stay', () => {
    const [bf16, f32] = [2, 4].map((bytes) => kvCacheCosts(archSpecOf(DEEPSEEK_V3), bytes));
    expect(f32?.bytesPerToken).toBe(140544);
    expect(f32?.others.map(({ saving }) => saving)).toEqual(bf16?.others.map(({ saving }) => saving));
  });

  test('explains the 93.3 % of the DeepSeek-V2 paper by 6 bits against 16', () => {
    const { claimed, equalPrecision } = deepseekV2KvClaim();
    expect(100 * claimed).toBeCloseTo(93.34, 2);
    expect(100 * equalPrecision).toBeCloseTo(82.24, 2);
  });
});

describe('weightBytes', () => {
  test('takes four and two bytes per parameter in f32 and bf16, with the MTP module apart', () => {
    const arch = archSpecOf(DEEPSEEK_V3);
    const { total, mtp } = countParameters(arch);
    expect(weightBytes(arch, 'f32')).toEqual({ main: 4 * total, mtp: 4 * mtp });
    expect(weightBytes(arch, 'bf16')).toEqual({ main: 2 * total, mtp: 2 * mtp });
  });

  test('takes one byte and a scale per ragged block in fp8, and two for what stays BF16', () => {
    const arch = archSpecOf(DEEPSEEK_V2_LITE);
    let bytes = 0;
    for (const { name, shape } of expectedTensors(arch)) {
      const [rows = 0, columns = 0] = shape;
      const linear = /_proj(_with_mqa)?\.weight$/.test(name) && !name.includes('kv_b_proj');
      bytes += linear
        ? rows * columns + 4 * Math.ceil(rows / 128) * Math.ceil(columns / 128)
        : 2 * rows * (columns || 1);
    }
    expect(weightBytes(arch, 'fp8').main).toBe(bytes);
    // Its dense down_proj is 85.5 blocks wide: 86 scales in each of 16 rows of blocks.
    expect(expectedTensors(arch).find(({ name }) => name === 'model.layers.0.mlp.down_proj.weight')?.shape).toEqual([
      2048, 10944,
    ]);
  });
});

describe('memoryFit', () => {
  const arch = archSpecOf(LLAMA_3_2_1B);
  const weights = 2 * 1235814400;

  test.each([
    ['nothing is there', 0, false, 0],
    ['the weights alone fit', weights, false, 0],
    ['one byte lacks for a token', weights + 32767, false, 0],
    ['one token fits', weights + 32768, true, 1],
    ['1000 tokens fit', weights + 1000 * 32768 + 5, true, 1000],
  ])('says what fits when %s', (_, available, fits, kvTokens) => {
    expect(memoryFit(arch, 'bf16', available)).toEqual({ dtype: 'bf16', weightBytes: weights, fits, kvTokens });
  });

  test('takes four bytes per cached number in f32', () => {
    expect(memoryFit(arch, 'f32', 2 * weights + 10 * 65536).kvTokens).toBe(10);
  });
});

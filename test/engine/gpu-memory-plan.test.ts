import { describe, expect, test } from '@jest/globals';
import { weightBytes } from '../../engine/accounting/weight-memory.js';
import type { ArchSpec } from '../../engine/arch-spec.js';
import { expectedTensors } from '../../engine/architectures/expected-tensors.js';
import { archSpecOf } from '../../engine/architectures/registry.js';
import type { DType } from '../../engine/engine.js';
import {
  defaultGpuBatchTokens,
  gpuMemoryPlan,
  type PlannedTensor,
  planGpuMemory,
} from '../../engine/gpu-memory-plan.js';
import { numericsOf } from '../../engine/numerics.js';
import { DEEPSEEK_V2_LITE, DEEPSEEK_V3, LLAMA_3_2_1B } from './architectures/published-configs.js';
import { errorOf } from './thrown-error.js';

const GIB = 2 ** 30;
const h200 = { name: 'cuda:0 NVIDIA H200', freeBytes: 139 * GIB, multiprocessors: 132 };
const lite = archSpecOf(DEEPSEEK_V2_LITE);

function inBf16(arch: ArchSpec): PlannedTensor[] {
  return expectedTensors(arch).map(({ name, shape }) => ({ name, shape, dtype: 'BF16' }));
}

function planOf(arch: ArchSpec, dtype: DType, options: { batchTokens?: number; kvTokens?: number } = {}) {
  return gpuMemoryPlan({ arch, tensors: inBf16(arch) }, { numerics: numericsOf(dtype), gpu: h200, ...options });
}

describe('the plan of DeepSeek-V2-Lite in bf16 on a GPU with 139 GiB free', () => {
  const plan = planOf(lite, 'bf16');

  test('has all weights once: every row of this model is whole groups of 128 bytes', () => {
    expect(plan.weightBytes).toBe(weightBytes(lite, 'bf16').main);
    const experts = plan.weights.find(({ name }) => name === 'experts');
    // 26 layers of 64 experts with three matrices of 2048 x 1408.
    expect(experts?.bytes).toBe(26 * 64 * 3 * 2048 * 1408 * 2);
  });

  test('takes steps of 16,384 tokens with 76,800 float32 numbers each', () => {
    expect(plan.batchTokens).toBe(16_384);
    // Stream, norms, outputs, rows 4 x 2048, those that are asked about 2 x 2048; queries and outputs 16 x (192 + 128); latents 576; dense 2 x 10944;
    // six experts 6 x (2 x 1408 + 2048), router 64, shared 2 x 2816 + 2048.
    expect(plan.workspaceBytes).toBe(16_384 * 76_800 * 4);
  });

  test('fills what is left, less a twentieth, with pages of 64 tokens of 31,104 bytes', () => {
    expect(plan.reserveBytes).toBe(Math.round(139 * GIB * 0.05));
    const fixed = plan.weightBytes + plan.workspaceBytes + plan.kernelBytes + plan.samplingBytes;
    const left = h200.freeBytes - fixed - plan.reserveBytes;
    expect(plan.kvPages).toBe(Math.floor(left / (64 * 31_104)));
    expect(plan.kvBytes).toBe(plan.kvTokens * 31_104);
    expect(plan.totalBytes).toBeLessThanOrEqual(h200.freeBytes);
    expect(h200.freeBytes - plan.totalBytes).toBeLessThan(64 * 31_104);
    // Enough for the 256 answers of 2,048 tokens at a time that a large suite has, several times over.
    expect(plan.kvTokens).toBeGreaterThan(3_000_000);
  });

  test('bounds expanded keys and values by 1 GiB, and doubles what scratch memory holds', () => {
    // Operands: norm and head rows 2 x 2048, attended 16 x 128, the inner 10944 or six experts and the shared ones 11264.
    const operands = 16_384 * 2 * (2 * 2048 + 16 * 128 + 6 * 1408 + 2816);
    expect(plan.kernelBytes).toBe(2 * (operands + GIB) + 2 ** 28);
  });

  test('has room for the logits of drawn rows, 2^26 at a time, and for candidates of one row on each multiprocessor', () => {
    expect(plan.samplingBytes).toBe(4 * 2 ** 26 + 2 * 132 * 102_400 * 8);
    // Steps of few rows need no more than those.
    expect(planOf(lite, 'bf16', { batchTokens: 8 }).samplingBytes).toBe(4 * 8 * 102_400 + 2 * 8 * 102_400 * 8);
  });
});

test('fp8 halves the experts and adds one scale for each block of 128 x 128', () => {
  const experts = planOf(lite, 'fp8').weights.find(({ name }) => name === 'experts');
  expect(experts?.bytes).toBe(26 * 64 * 3 * (2048 * 1408 + 4 * 16 * 11));
});

test('fp8 reads prompts in three bfloat16 parts: the latents of a step, kv_b, and expanded keys and values', () => {
  const operands = 16_384 * 2 * (2 * 2048 + 16 * 128 + 6 * 1408 + 2816);
  const latents = (lite.contextLength + 2 * 16_384) * 576;
  const weight = 16 * 256 * 512;
  expect(planOf(lite, 'fp8').kernelBytes).toBe(2 * (operands + GIB + (latents + weight) * 6) + 2 ** 28);
  const llama = archSpecOf(LLAMA_3_2_1B);
  expect(planOf(llama, 'fp8').kernelBytes).toBe(planOf(llama, 'bf16').kernelBytes);
});

test.each<[DType, PlannedTensor['dtype'], number]>([
  ['bf16', 'BF16', 3 * 256],
  ['bf16', 'F32', 3 * 256],
  ['fp8', 'BF16', 3 * 128 + 4],
  ['fp8', 'F8_E4M3', 3 * 128 + 4],
  ['f32', 'BF16', 3 * 256],
  ['f32', 'F32', 3 * 512],
  ['f32', 'F8_E4M3', 3 * 128 + 4],
])('a projection [3, 100] for %s, stored as %s, takes %s bytes with padded rows', (dtype, stored, bytes) => {
  const tensors = [{ name: 'model.layers.1.self_attn.o_proj.weight', shape: [3, 100], dtype: stored }];
  const plan = gpuMemoryPlan({ arch: lite, tensors }, { numerics: numericsOf(dtype), gpu: h200 });
  expect(plan.weightBytes).toBe(bytes);
});

test('an embedding that is the head too is in memory twice only where the two are in other formats', () => {
  const llama = archSpecOf(LLAMA_3_2_1B);
  const size = llama.vocabSize * llama.width;
  const partsOf = (stored: PlannedTensor['dtype']) => {
    const tensors = [{ name: 'model.embed_tokens.weight', shape: [llama.vocabSize, llama.width], dtype: stored }];
    return gpuMemoryPlan({ arch: llama, tensors }, { numerics: numericsOf('bf16'), gpu: h200 }).weights;
  };
  expect(partsOf('BF16')).toEqual([{ name: 'embedding', bytes: 2 * size }]);
  expect(partsOf('F32')).toEqual([
    { name: 'embedding', bytes: 4 * size },
    { name: 'head', bytes: 2 * size },
  ]);
});

test('steps are smaller on a smaller GPU: at most an eighth of what is free', () => {
  const bf16 = numericsOf('bf16');
  expect(defaultGpuBatchTokens(lite, bf16, 139 * GIB)).toBe(16_384);
  const step = 16_384 * (4 * 76_800 + 2 * (2 * 2048 + 16 * 128 + 6 * 1408 + 2816));
  expect(defaultGpuBatchTokens(lite, bf16, 8 * step)).toBe(16_384);
  expect(defaultGpuBatchTokens(lite, bf16, 8 * step - 1)).toBe(8_192);
  expect(defaultGpuBatchTokens(lite, bf16, GIB / 8)).toBe(256);
});

test('asked tokens of cache are taken, whole pages of them', () => {
  expect(planOf(lite, 'bf16', { kvTokens: 1000, batchTokens: 512 })).toMatchObject({
    kvTokens: 1024,
    batchTokens: 512,
  });
});

test('a model that does not fit is refused with every part', () => {
  const arch = archSpecOf(DEEPSEEK_V3);
  const options = { numerics: numericsOf('fp8'), gpu: h200 };
  const message = errorOf(() => planGpuMemory({ folder: '/models/v3', arch, tensors: inBf16(arch) }, options));
  expect(message).toMatch(/^memory\/plan: \/models\/v3 does not fit into the memory of cuda:0 NVIDIA H200\./);
  for (const part of [
    'embedding',
    'projections',
    'experts',
    'head',
    'norms and router',
    'KV cache',
    'a step of',
    'kernels',
    'drawing tokens',
    'reserve',
  ]) {
    expect(message).toMatch(new RegExp(`${part} [\\d.]+|${part} up to [\\d.]+`));
  }
  expect(message).toMatch(/found 139\.00 GiB free/);
});

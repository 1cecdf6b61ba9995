/** Bytes that the weights take in each precision, and what is left of a memory for the KV cache. */
import type { ArchSpec } from '../arch-spec.js';
import { type ExpectedTensor, expectedTensors } from '../architectures/expected-tensors.js';
import type { DType } from '../engine.js';
import { numericsOf } from '../numerics.js';
import { kvElementsPerToken } from './kv-cache.js';

/** Side of the square block that shares one scale in DeepSeek's FP8 format. */
const BLOCK = 128;
const SCALE_BYTES = 4;

export interface WeightBytes {
  /** Main model. */
  readonly main: number;
  /** Multi-token-prediction module, on top. */
  readonly mtp: number;
}

/**
 * Bytes of the weights of `arch` in memory as `dtype`. In fp8 the linear weights are one byte each plus a float32 scale
 * per block of 128x128, the last ones partial; embedding, head, norms, router, biases and kv_b_proj stay BF16.
 */
export function weightBytes(arch: ArchSpec, dtype: DType): WeightBytes {
  let main = 0;
  let mtp = 0;
  for (const tensor of expectedTensors(arch)) {
    const bytes = tensorBytes(tensor, dtype);
    if (tensor.mtp) mtp += bytes;
    else main += bytes;
  }
  return { main, mtp };
}

function tensorBytes({ shape, quantizable, bf16InFp8Mode }: ExpectedTensor, dtype: DType): number {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (dtype === 'f32') return 4 * elements;
  if (dtype === 'bf16' || !quantizable || bf16InFp8Mode) return 2 * elements;
  const blocks = shape.reduce((product, size) => product * Math.ceil(size / BLOCK), 1);
  return elements + SCALE_BYTES * blocks;
}

/** Bytes per number in the KV cache of an engine that computes in `dtype`; fp8 rounds nothing but the quantised products. */
export function kvElementBytes(dtype: DType): number {
  return numericsOf(dtype).kv === 'f32' ? 4 : 2;
}

export interface MemoryFit {
  readonly dtype: DType;
  readonly weightBytes: number;
  readonly fits: boolean;
  /** Tokens whose keys and values fit beside the weights; 0 where the weights alone do not fit. */
  readonly kvTokens: number;
}

/** Whether the main model's weights fit into `availableBytes`, and how many tokens of KV cache beside them. */
export function memoryFit(arch: ArchSpec, dtype: DType, availableBytes: number): MemoryFit {
  const { main } = weightBytes(arch, dtype);
  const perToken = kvElementsPerToken(arch) * kvElementBytes(dtype);
  const room = availableBytes - main;
  return { dtype, weightBytes: main, fits: room >= perToken, kvTokens: Math.max(0, Math.floor(room / perToken)) };
}

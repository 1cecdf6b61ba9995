/** In which precision each product of the graph takes its operands, per --dtype. */

/** What --dtype takes. */
export const DTYPES = ['f32', 'bf16', 'fp8', 'fp8-bf16'] as const;

export type DType = (typeof DTYPES)[number];

export type Precision = 'f32' | 'bf16' | 'fp8';

export interface Numerics {
  /** Projections, feed-forward, experts. */
  readonly linear: Precision;
  /** lm_head and eh_proj. */
  readonly head: 'f32' | 'bf16';
  /** q.k and p.v, and the operands of kv_b_proj. */
  readonly attention: 'f32' | 'bf16';
  /** How kv_b_proj's weights are held: f32 means as stored, decoded exactly. */
  readonly kvB: 'f32' | 'bf16';
  /** Elements of the KV cache. */
  readonly kv: 'f32' | 'bf16';
  /** Round the normalised value to bfloat16 before the norm's weight, as Hugging Face models do in bfloat16. */
  readonly roundNormalized: boolean;
  /**
   * Whether FP8's products may be summed as the device's own e4m3 instructions do: Hopper's keep about 14 bits within a panel of 128
   * columns. Otherwise, and on devices without such instructions, in float32.
   */
  readonly shortFp8Sums: boolean;
}

/**
 * Everything that is not named here is float32. In fp8 nothing but the quantised products is rounded: a bfloat16 rounding
 * ahead of an e4m3 quantiser moves enough codes to put the logits as far from W8A8 as from the unquantised model (measured;
 * see README, Decisions). fp8-bf16 rounds all that bf16 does, and quantises the products: what engines for serving compute.
 */
const F32: Numerics = {
  linear: 'f32',
  head: 'f32',
  attention: 'f32',
  kvB: 'f32',
  kv: 'f32',
  roundNormalized: false,
  shortFp8Sums: false,
};
const BF16: Numerics = {
  ...F32,
  linear: 'bf16',
  head: 'bf16',
  attention: 'bf16',
  kvB: 'bf16',
  kv: 'bf16',
  roundNormalized: true,
};
const NUMERICS: Readonly<Record<DType, Numerics>> = {
  f32: F32,
  bf16: BF16,
  fp8: { ...F32, linear: 'fp8' },
  'fp8-bf16': { ...BF16, linear: 'fp8', shortFp8Sums: true },
};

/** Whether `dtype` computes with block-scaled FP8 weights. */
export function isFp8(dtype: DType): boolean {
  return NUMERICS[dtype].linear === 'fp8';
}

export function numericsOf(dtype: DType): Numerics {
  return NUMERICS[dtype];
}

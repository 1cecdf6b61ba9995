/** In which precision each product of the graph takes its operands, per --dtype. */
import type { DType } from './engine.js';

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
}

/**
 * Everything that is not named here is float32. In fp8 nothing but the quantised products is rounded: a bfloat16 rounding
 * ahead of an e4m3 quantiser moves enough codes to put the logits as far from W8A8 as from the unquantised model (measured;
 * see README, Decisions).
 */
const NUMERICS: Readonly<Record<DType, Numerics>> = {
  f32: { linear: 'f32', head: 'f32', attention: 'f32', kvB: 'f32', kv: 'f32', roundNormalized: false },
  bf16: { linear: 'bf16', head: 'bf16', attention: 'bf16', kvB: 'bf16', kv: 'bf16', roundNormalized: true },
  fp8: { linear: 'fp8', head: 'f32', attention: 'f32', kvB: 'f32', kv: 'f32', roundNormalized: false },
};

export function numericsOf(dtype: DType): Numerics {
  return NUMERICS[dtype];
}

/** Floating-point operations of one token's forward pass. */
import type { ArchSpec } from '../arch-spec.js';
import { countParameters } from './parameters.js';

export interface FlopsPerToken {
  /** Two per active parameter: one multiplication, one addition. Includes the head. */
  readonly weights: number;
  /** Attention's, per earlier token in the context, in the form with keys and values per head. */
  readonly perContextToken: number;
}

export function flopsPerToken(arch: ArchSpec): FlopsPerToken {
  const { attention } = arch;
  const perHead =
    attention.kind === 'mla'
      ? attention.qkNopeHeadDim + attention.qkRopeHeadDim + attention.vHeadDim
      : 2 * attention.headDim;
  return {
    weights: 2 * countParameters(arch).active,
    perContextToken: 2 * arch.layers * attention.heads * perHead,
  };
}

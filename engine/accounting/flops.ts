/** Floating-point operations of one token's forward pass. */
import type { ArchSpec } from '../arch-spec.js';
import { expectedTensors } from '../architectures/expected-tensors.js';
import { activeOf, countParameters } from './parameters.js';

export interface FlopsPerToken {
  /** Two per active parameter: one multiplication, one addition. Includes the head. */
  readonly weights: number;
  /** Attention's, per earlier token in the context, in the form with keys and values per head. */
  readonly perContextToken: number;
}

/** What a row's keys and values pass through. */
const OF_KEYS = /\.(input_layernorm|k_proj|v_proj|k_norm|kv_a_proj_with_mqa|kv_a_layernorm|kv_b_proj)\./;

/**
 * Operations of a prompt of which only the last token is asked about: the others leave the last layer with their keys and values, and
 * do not see the head. A row attends to half of the prompt on average.
 */
export function promptFlops(arch: ArchSpec, tokens: number): number {
  const { weights, perContextToken } = flopsPerToken(arch);
  const attention = (perContextToken / arch.layers) * (((arch.layers - 1) * tokens * tokens) / 2 + tokens);
  return tokens * weights - (tokens - 1) * 2 * askedParameters(arch) + attention;
}

/** Parameters that only a token that is asked about passes through. */
function askedParameters(arch: ArchSpec): number {
  const prefix = `model.layers.${arch.layers - 1}.`;
  let parameters = 0;
  for (const { name, shape, part, mtp } of expectedTensors(arch)) {
    if (mtp || !name.startsWith(prefix) || OF_KEYS.test(name)) continue;
    const total = shape.reduce((product, size) => product * size, 1);
    parameters += activeOf(arch, part, total);
  }
  return parameters + arch.vocabSize * arch.width;
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

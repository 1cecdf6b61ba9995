/** The feed-forward half of a layer: one SwiGLU MLP, or routed and shared experts. */
import { route } from './gate.js';
import { isMoeLayer } from './published-config.js';
import { plus, type Row, silu, times } from './vectors.js';
import type { Weights } from './weights.js';

export interface FeedForwardResult {
  readonly output: Row;
  /** The router's margin, Infinity in a dense layer. */
  readonly margin: number;
}

export function feedForward(weights: Weights, layer: number, x: Row): FeedForwardResult {
  const prefix = `model.layers.${layer}.mlp`;
  if (!isMoeLayer(weights.config, layer)) return { output: mlp(weights, prefix, x), margin: Infinity };
  return moe(weights, prefix, x);
}

/** down(silu(gate x) * up x). */
function mlp(weights: Weights, prefix: string, x: Row): Row {
  const swap = weights.details.swapGateAndUp;
  const gate = weights.quantizedLinear(`${prefix}.${swap ? 'up' : 'gate'}_proj`, x);
  const up = weights.quantizedLinear(`${prefix}.${swap ? 'gate' : 'up'}_proj`, x);
  return weights.quantizedLinear(`${prefix}.down_proj`, times(gate.map(silu), up));
}

/** sum over the chosen experts of weight * expert(x), plus shared(x). */
function moe(weights: Weights, prefix: string, x: Row): FeedForwardResult {
  const { config, details } = weights;
  const bias = config.topk_method === 'noaux_tc' ? weights.vector(`${prefix}.gate.e_score_correction_bias`) : undefined;
  const logits = details.quantizeRouter
    ? weights.quantizedLinear(`${prefix}.gate`, x)
    : weights.linear(`${prefix}.gate`, x);
  const routing = route(config, logits, bias, details);
  let output: Row = new Float64Array(x.length);
  routing.experts.forEach((expert, k) => {
    output = plus(output, mlp(weights, `${prefix}.experts.${expert}`, x), routing.weights[k]);
  });
  if (config.n_shared_experts) {
    const scale = details.scaleShared ? (config.routed_scaling_factor ?? 1) : 1;
    output = plus(output, mlp(weights, `${prefix}.shared_experts`, x), scale);
  }
  return { output, margin: routing.margin };
}

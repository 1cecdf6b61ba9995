/** One decoder layer: x = x + attention(norm(x)); x = x + feedForward(norm(x)). */
import { groupedQueryAttention } from './gqa.js';
import { latentAttention } from './mla.js';
import { feedForward } from './moe.js';
import { isDeepseek } from './published-config.js';
import { ropeOf } from './rope.js';
import { item, plus, type Row, rmsNorm } from './vectors.js';
import type { Weights } from './weights.js';

export interface LayerResult {
  readonly rows: readonly Row[];
  /** The router's smallest margin over the rows. */
  readonly margin: number;
}

export function decoderLayer(
  weights: Weights,
  input: { layer: number; rows: readonly Row[]; positions: readonly number[] },
): LayerResult {
  const { config, details } = weights;
  const { layer, rows, positions } = input;
  const prefix = `model.layers.${layer}`;
  const norm = (name: string, x: Row) =>
    rmsNorm(x, weights.vector(`${prefix}.${name}.weight`), details.normEps ?? config.rms_norm_eps);
  const attention = isDeepseek(config) ? latentAttention : groupedQueryAttention;
  const attended = attention(weights, {
    layer,
    rows: rows.map((x) => norm('input_layernorm', x)),
    positions,
    rope: ropeOf(config, details),
  });
  let margin = Infinity;
  const out = rows.map((x, t) => {
    const middle = plus(x, item(attended, t));
    const fed = feedForward(weights, layer, norm('post_attention_layernorm', middle));
    margin = Math.min(margin, fed.margin);
    return plus(middle, fed.output);
  });
  return { rows: out, margin };
}

/** Grouped-query attention of one layer over a whole sequence. */
import { attend } from './attend.js';
import { headDim, windowOf } from './published-config.js';
import { type Rope, rotate, softmaxScale } from './rope.js';
import { at, concat, item, type Row, rmsNorm } from './vectors.js';
import type { Weights } from './weights.js';

export interface AttentionInput {
  readonly layer: number;
  /** Normalised rows, one per position. */
  readonly rows: readonly Row[];
  readonly positions: readonly number[];
  readonly rope: Rope;
}

export function groupedQueryAttention(weights: Weights, input: AttentionInput): Row[] {
  const { config, details } = weights;
  const { layer, rows, positions, rope } = input;
  const prefix = `model.layers.${layer}.self_attn`;
  const width = headDim(config);
  const heads = (name: 'q' | 'k' | 'v') =>
    rows.map((x, t) => {
      const all = weights.quantizedLinear(`${prefix}.${name}_proj`, x);
      const split = Array.from({ length: all.length / width }, (_, h) => all.slice(h * width, (h + 1) * width));
      return name === 'v'
        ? split
        : split.map((head) =>
            positioned(weights, `${prefix}.${name}_norm.weight`, { head, position: at(positions, t), rope }),
          );
    });
  const [queries, keys, values] = [heads('q'), heads('k'), heads('v')];
  const group = config.num_attention_heads / config.num_key_value_heads;
  const kvHead = (h: number) =>
    details.headOfQuery === 'h / group' ? Math.floor(h / group) : h % config.num_key_value_heads;
  const window = details.useWindow ? windowOf(config, layer) + details.extraWindow : Infinity;
  const scale = softmaxScale(config, details);
  return rows.map((_, t) => {
    const first = Math.max(0, t - window + 1);
    const outputs = item(queries, t).map((query, h) =>
      attend(query, {
        keys: keys.slice(first, t + 1).map((all) => item(all, kvHead(h))),
        values: values.slice(first, t + 1).map((all) => item(all, kvHead(h))),
        scale,
      }),
    );
    return weights.quantizedLinear(`${prefix}.o_proj`, concat(...outputs));
  });
}

/** One head of q or k with its norm (Qwen3 has one) and its rotation. */
function positioned(weights: Weights, normName: string, parts: { head: Row; position: number; rope: Rope }): Row {
  const { config, details } = weights;
  const { head, position, rope } = parts;
  const hasNorm = config.model_type.startsWith('qwen3');
  const norm = (x: Row) => rmsNorm(x, weights.vector(normName), details.normEps ?? config.rms_norm_eps);
  const before = hasNorm && details.qkNorm === 'before rope' ? norm(head) : head;
  const rotated = rotate(before, position, rope);
  return hasNorm && details.qkNorm === 'after rope' ? norm(rotated) : rotated;
}

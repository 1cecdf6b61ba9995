/** Multi-head Latent Attention of one layer over a whole sequence, in its plain (expanded) form. */
import { attend } from './attend.js';
import type { AttentionInput } from './gqa.js';
import { rotate, softmaxScale } from './rope.js';
import { at, concat, item, type Row, rmsNorm } from './vectors.js';
import type { Weights } from './weights.js';

export function latentAttention(weights: Weights, { layer, rows, positions, rope }: AttentionInput): Row[] {
  const { config, details } = weights;
  const prefix = `model.layers.${layer}.self_attn`;
  const heads = config.num_attention_heads;
  const nope = config.qk_nope_head_dim as number;
  const rank = config.kv_lora_rank as number;
  const vWidth = config.v_head_dim as number;
  const eps = details.latentNormEps ?? config.rms_norm_eps;
  const scale = softmaxScale(config, details);

  const queries = rows.map((x, t) => {
    const q = queryProjection(weights, prefix, x);
    const width = q.length / heads;
    return Array.from({ length: heads }, (_, h) => {
      const head = q.slice(h * width, (h + 1) * width);
      return concat(head.subarray(0, nope), rotate(head.subarray(nope), at(positions, t), rope));
    });
  });
  const keysAndValues = rows.map((x, t) => {
    const compressed = weights.quantizedLinear(`${prefix}.kv_a_proj_with_mqa`, x);
    const latent = rmsNorm(compressed.subarray(0, rank), weights.vector(`${prefix}.kv_a_layernorm.weight`), eps);
    // One rotary key for all heads, without a norm.
    const rotaryKey = rotate(compressed.subarray(rank), at(positions, t), rope);
    const expanded = details.quantizeKvB
      ? weights.quantizedLinear(`${prefix}.kv_b_proj`, latent)
      : weights.linear(`${prefix}.kv_b_proj`, latent);
    return Array.from({ length: heads }, (_, h) => {
      const head = expanded.subarray(h * (nope + vWidth), (h + 1) * (nope + vWidth));
      return { key: concat(head.subarray(0, nope), rotaryKey), value: head.slice(nope) };
    });
  });
  return rows.map((_, t) => {
    const outputs = item(queries, t).map((query, h) => {
      const seen = keysAndValues.slice(0, t + 1).map((all) => item(all, h));
      return attend(query, { keys: seen.map(({ key }) => key), values: seen.map(({ value }) => value), scale });
    });
    return weights.quantizedLinear(`${prefix}.o_proj`, concat(...outputs));
  });
}

function queryProjection(weights: Weights, prefix: string, x: Row): Row {
  const { config, details } = weights;
  if (!config.q_lora_rank) return weights.quantizedLinear(`${prefix}.q_proj`, x);
  const eps = details.latentNormEps ?? config.rms_norm_eps;
  const low = weights.quantizedLinear(`${prefix}.q_a_proj`, x);
  return weights.quantizedLinear(
    `${prefix}.q_b_proj`,
    rmsNorm(low, weights.vector(`${prefix}.q_a_layernorm.weight`), eps),
  );
}

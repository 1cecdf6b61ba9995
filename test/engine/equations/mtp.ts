/** The multi-token-prediction module: row i drafts token i + 2 from hidden state i and token i + 1. */
import { decoderLayer, type LayerResult } from './layer.js';
import { concat, item, type Row, rmsNorm } from './vectors.js';
import type { Weights } from './weights.js';

/**
 * @param hidden the main model's hidden rows: what the module takes (after the final norm, unless a detail says otherwise)
 * @returns draft logits, one row fewer than `ids`
 */
export function draft(weights: Weights, ids: readonly number[], hidden: readonly Row[]): LayerResult {
  const { config, details } = weights;
  const layer = config.num_hidden_layers;
  const prefix = `model.layers.${layer}`;
  const norm = (name: string, x: Row) =>
    rmsNorm(x, weights.vector(`${prefix}.${name}.weight`), details.normEps ?? config.rms_norm_eps);
  const next = ids.slice(1);
  const rows = next.map((id, i) => {
    const embedding = norm('enorm', item(weights.matrix(`${prefix}.embed_tokens.weight`), id));
    const state = norm('hnorm', item(hidden, i));
    const joined = details.mtpConcat === 'embedding first' ? concat(embedding, state) : concat(state, embedding);
    return weights.linear(`${prefix}.eh_proj`, joined);
  });
  const block = decoderLayer(weights, { layer, rows, positions: next.map((_, i) => i + 1) });
  return {
    rows: block.rows.map((x) => weights.linear(`${prefix}.shared_head.head`, norm('shared_head.norm', x))),
    margin: block.margin,
  };
}

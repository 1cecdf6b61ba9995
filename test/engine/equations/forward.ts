/** The whole forward pass in float64, from the published equations: no cache, no batching, no tricks. */
import type { Details } from './details.js';
import { decoderLayer } from './layer.js';
import { draft } from './mtp.js';
import { item, type Row, rmsNorm } from './vectors.js';
import { type Arithmetic, type Checkpoint, Weights } from './weights.js';

export interface ForwardResult {
  /** [T][V]. */
  readonly logits: readonly Row[];
  /** [T - 1][V]; empty without an MTP module. */
  readonly drafts: readonly Row[];
  /** How close any router came to choosing differently, over all rows and layers. */
  readonly margin: number;
}

export function forward(
  checkpoint: Checkpoint,
  ids: readonly number[],
  options: { arithmetic?: Arithmetic; details?: Partial<Details> } = {},
): ForwardResult {
  const weights = new Weights(checkpoint, options);
  const { config, details } = weights;
  const embedding = weights.matrix('model.embed_tokens.weight');
  let rows: readonly Row[] = ids.map((id) => item(embedding, id));
  let margin = Infinity;
  for (let layer = 0; layer < config.num_hidden_layers; ++layer) {
    const result = decoderLayer(weights, { layer, rows, positions: ids.map((_, t) => t) });
    rows = result.rows;
    margin = Math.min(margin, result.margin);
  }
  const eps = details.normEps ?? config.rms_norm_eps;
  const normalized = rows.map((x) => rmsNorm(x, weights.vector('model.norm.weight'), eps));
  const head = config.tie_word_embeddings ? 'model.embed_tokens' : 'lm_head';
  const logits = normalized.map((x) => weights.linear(head, x));
  if (!config.num_nextn_predict_layers) return { logits, drafts: [], margin };
  const drafts = draft(weights, ids, details.mtpHidden === 'after final norm' ? normalized : rows);
  return { logits, drafts: drafts.rows, margin: Math.min(margin, drafts.margin) };
}

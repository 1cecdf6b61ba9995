/** ArchSpec of the DeepSeek families: Multi-head Latent Attention and DeepSeekMoE, with the router as an option. */
import type { ArchSpec, MoeSpec } from '../arch-spec.js';
import {
  badValue,
  baseFields,
  countOrZero,
  expertCount,
  flag,
  headWidth,
  layerCount,
  positive,
  readFields,
  requireAtMost,
  requireDivides,
  requireManageable,
  size,
  specialIds,
} from './config-fields.js';
import type { RawConfig } from './family.js';
import { weightQuantization } from './quantization.js';
import { readRope } from './rope.js';

/** q_a_layernorm and kv_a_layernorm are built without the config's eps in DeepSeek's code and in transformers. */
const LATENT_NORM_EPS = 1e-6;

/** How a family picks experts; the counts come from the same keys in all of them. */
export type Router = Pick<
  MoeSpec,
  'scoring' | 'selectionBias' | 'groups' | 'groupsPerToken' | 'groupScore' | 'normalizeTopK' | 'routedScale'
>;

/** Reads a family's router keys; called only for configs that have experts. */
export type ReadRouter = (config: RawConfig) => Router;

export function latentAttentionArchSpec(config: RawConfig, readRouter: ReadRouter): ArchSpec {
  const fields = readFields(config, {
    ...baseFields,
    intermediate_size: size,
    q_lora_rank: size.nullable(),
    kv_lora_rank: size,
    qk_nope_head_dim: headWidth,
    qk_rope_head_dim: headWidth,
    v_head_dim: headWidth,
    num_nextn_predict_layers: countOrZero.nullish(),
    rope_interleave: flag.default(true),
    n_routed_experts: expertCount.nullable(),
    first_k_dense_replace: countOrZero,
    moe_layer_freq: size.default(1),
  });
  const layers = fields.num_hidden_layers;
  // Published DeepSeek models have one module; the engine drafts with the first and ignores any after it.
  const mtpLayers = Math.min(fields.num_nextn_predict_layers ?? 0, 1);
  const isMoe = (layer: number) =>
    fields.n_routed_experts !== null && layer >= fields.first_k_dense_replace && layer % fields.moe_layer_freq === 0;
  const rope = readRope(config, fields.qk_rope_head_dim, fields.rope_interleave ? 'interleaved' : 'half');
  return {
    modelType: fields.model_type,
    vocabSize: fields.vocab_size,
    width: fields.hidden_size,
    layers,
    attention: {
      kind: 'mla',
      heads: fields.num_attention_heads,
      qLoraRank: fields.q_lora_rank,
      kvLoraRank: fields.kv_lora_rank,
      qkNopeHeadDim: fields.qk_nope_head_dim,
      qkRopeHeadDim: fields.qk_rope_head_dim,
      vHeadDim: fields.v_head_dim,
      attentionBias: fields.attention_bias,
      latentNormEps: LATENT_NORM_EPS,
    },
    softmaxScale: (fields.qk_nope_head_dim + fields.qk_rope_head_dim) ** -0.5 * rope.softmaxCorrection,
    rope: rope.spec,
    normEps: fields.rms_norm_eps,
    feedForward: Array.from({ length: layers + mtpLayers }, (_, layer) => (isMoe(layer) ? 'moe' : 'dense')),
    denseWidth: fields.intermediate_size,
    moe: fields.n_routed_experts === null ? null : readMoe(config, fields.n_routed_experts, readRouter),
    mlpBias: false,
    slidingWindows: Array<number>(layers + mtpLayers).fill(0),
    tiedHead: fields.tie_word_embeddings,
    mtpLayers,
    contextLength: rope.contextLength,
    ...specialIds(fields),
    weightQuantization: weightQuantization(config),
  };
}

function readMoe(config: RawConfig, experts: number, readRouter: ReadRouter): MoeSpec {
  const fields = readFields(config, {
    num_experts_per_tok: size,
    moe_intermediate_size: size,
    n_shared_experts: countOrZero.nullish(),
    num_hidden_layers: layerCount,
  });
  requireManageable(fields.num_hidden_layers, 'n_routed_experts', experts);
  const router = readRouter(config);
  const { groups, groupsPerToken } = router;
  requireDivides('n_group', groups, 'n_routed_experts', experts);
  requireAtMost('topk_group', groupsPerToken, 'n_group', groups);
  requireAtMost('num_experts_per_tok', fields.num_experts_per_tok, 'n_routed_experts', experts);
  if (groups > 1 && router.groupScore === 'top2-sum' && experts / groups < 2) {
    throw badValue('n_group', 'groups of at least two experts, whose two best scores are added', groups);
  }
  const selectable = (experts / groups) * groupsPerToken;
  requireAtMost('num_experts_per_tok', fields.num_experts_per_tok, 'the experts in topk_group groups', selectable);
  return {
    experts,
    expertsPerToken: fields.num_experts_per_tok,
    width: fields.moe_intermediate_size,
    sharedWidth: (fields.n_shared_experts ?? 0) * fields.moe_intermediate_size,
    ...router,
  };
}

/** Keys that both DeepSeek routers read. */
export const routerFields = {
  n_group: size.nullish(),
  topk_group: size.nullish(),
  norm_topk_prob: flag.default(false),
  routed_scaling_factor: positive.default(1),
};

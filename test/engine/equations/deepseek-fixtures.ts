/** Random DeepSeek checkpoints: every router, every YaRN setting, and the cases in which their mistakes hide. */
import type { CheckpointSpec } from './checkpoint-maker.js';
import type { PublishedConfig } from './published-config.js';
import type { NamedRows } from './random-weights.js';
import type { Row } from './vectors.js';

/** 0.707 as DeepSeek-V2's config.json has it, and not the root of a half. */
export const V2_MSCALE = 707 / 1000;

export const DEEPSEEK: PublishedConfig = {
  model_type: 'deepseek_v3',
  vocab_size: 131,
  hidden_size: 72,
  intermediate_size: 101,
  moe_intermediate_size: 27,
  num_hidden_layers: 3,
  num_attention_heads: 3,
  num_key_value_heads: 3,
  n_shared_experts: 1,
  n_routed_experts: 12,
  routed_scaling_factor: 2.5,
  kv_lora_rank: 29,
  q_lora_rank: 37,
  qk_rope_head_dim: 10,
  qk_nope_head_dim: 13,
  v_head_dim: 11,
  n_group: 4,
  topk_group: 2,
  num_experts_per_tok: 4,
  first_k_dense_replace: 1,
  moe_layer_freq: 1,
  norm_topk_prob: true,
  scoring_func: 'sigmoid',
  topk_method: 'noaux_tc',
  max_position_embeddings: 2560,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  rope_scaling: {
    type: 'yarn',
    factor: 40,
    beta_fast: 32,
    beta_slow: 1,
    mscale: 1,
    mscale_all_dim: 1,
    original_max_position_embeddings: 64,
  },
  attention_bias: false,
  tie_word_embeddings: false,
  num_nextn_predict_layers: 0,
  bos_token_id: 0,
  eos_token_id: 1,
};

const SOFTMAX_ROUTER = { model_type: 'deepseek_v2', scoring_func: 'softmax', norm_topk_prob: false } as const;

export const deepseekFixtures = {
  v3: {
    name: 'deepseek-v3: groups, YaRN, q_lora, MTP, biased scores below zero',
    seed: 1,
    config: { ...DEEPSEEK, num_nextn_predict_layers: 1 },
    storage: 'bf16',
    spread: { selectionBiasMean: -1.3 },
  },
  moonlight: {
    name: 'deepseek-v3: plain rope, one q projection, eps 1e-5, two shared experts, sharded',
    seed: 2,
    config: {
      ...DEEPSEEK,
      vocab_size: 300,
      hidden_size: 90,
      num_attention_heads: 5,
      num_key_value_heads: 5,
      q_lora_rank: null,
      rope_scaling: null,
      rope_theta: 50000,
      rms_norm_eps: 1e-5,
      n_group: 1,
      topk_group: 1,
      n_routed_experts: 6,
      num_experts_per_tok: 3,
      n_shared_experts: 2,
      routed_scaling_factor: 2.446,
    },
    storage: 'bf16',
    shards: 3,
    spread: { embedding: 0.01, latent: 0.002 },
  },
  v3UnequalMscale: {
    name: 'deepseek-v3: mscale unlike mscale_all_dim, one head, one expert, no dense layer, raw weights, stored in float32',
    seed: 3,
    config: {
      ...DEEPSEEK,
      hidden_size: 45,
      num_hidden_layers: 2,
      num_attention_heads: 1,
      num_key_value_heads: 1,
      qk_rope_head_dim: 16,
      n_routed_experts: 6,
      n_group: 2,
      topk_group: 1,
      num_experts_per_tok: 1,
      first_k_dense_replace: 0,
      norm_topk_prob: false,
      rope_scaling: {
        ...DEEPSEEK.rope_scaling,
        type: 'yarn',
        factor: 8,
        mscale: 1.3,
        mscale_all_dim: 0.5,
        original_max_position_embeddings: 32,
      },
    },
    storage: 'f32',
  },
  saturated: {
    name: 'deepseek-v3: sigmoids near 1e-8 under a bias near 12',
    seed: 4,
    config: {
      ...DEEPSEEK,
      hidden_size: 48,
      num_hidden_layers: 2,
      n_group: 1,
      topk_group: 1,
      n_routed_experts: 6,
      num_experts_per_tok: 3,
      rope_scaling: null,
    },
    storage: 'bf16',
    spread: { selectionBiasMean: 12 },
    adjust: saturateRouters,
  },
  ties: {
    name: 'deepseek-v3: experts with the same score',
    seed: 5,
    config: {
      ...DEEPSEEK,
      hidden_size: 50,
      num_hidden_layers: 2,
      n_group: 3,
      n_routed_experts: 12,
      topk_group: 2,
      num_experts_per_tok: 3,
      rope_scaling: null,
    },
    storage: 'bf16',
    adjust: repeatRouterRows,
  },
  kimi: {
    name: 'kimi-k2: beta_fast equal to beta_slow',
    seed: 6,
    config: {
      ...DEEPSEEK,
      model_type: 'kimi_k2',
      n_group: 1,
      topk_group: 1,
      routed_scaling_factor: 2.827,
      qk_rope_head_dim: 20,
      max_position_embeddings: 131072,
      rope_theta: 50000,
      rope_scaling: {
        ...DEEPSEEK.rope_scaling,
        type: 'yarn',
        factor: 32,
        beta_fast: 1,
        original_max_position_embeddings: 4096,
      },
    },
    storage: 'bf16',
  },
  v2Lite: {
    name: 'deepseek-v2: greedy softmax router, YaRN with 0.707, stored in float16',
    seed: 48,
    config: {
      ...DEEPSEEK,
      ...SOFTMAX_ROUTER,
      hidden_size: 58,
      num_attention_heads: 2,
      num_key_value_heads: 2,
      q_lora_rank: null,
      topk_method: 'greedy',
      n_group: 1,
      topk_group: 1,
      routed_scaling_factor: 1,
      n_shared_experts: 2,
      rope_scaling: {
        ...DEEPSEEK.rope_scaling,
        type: 'yarn',
        factor: 40,
        mscale: V2_MSCALE,
        mscale_all_dim: V2_MSCALE,
        original_max_position_embeddings: 64,
      },
    },
    storage: 'f16',
  },
  v2: {
    name: 'deepseek-v2: group-limited router, scale 16',
    seed: 8,
    config: {
      ...DEEPSEEK,
      ...SOFTMAX_ROUTER,
      hidden_size: 66,
      topk_method: 'group_limited_greedy',
      n_group: 3,
      topk_group: 2,
      num_experts_per_tok: 4,
      routed_scaling_factor: 16,
    },
    storage: 'bf16',
  },
} satisfies Record<string, CheckpointSpec>;

/** Every embedding leans on dimension 0, and every router answers it with -20 and less. */
function saturateRouters(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    if (name === 'model.embed_tokens.weight') for (const row of rows) row[0] = 8;
    if (name.endsWith('mlp.gate.weight')) for (const row of rows) row[0] = -6;
  }
}

/** Experts 2i and 2i + 1 share their router's row and bias, so every choice that splits a pair is a tie. */
function repeatRouterRows(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    if (name.endsWith('mlp.gate.weight')) for (let e = 1; e < rows.length; e += 2) rows[e] = rows[e - 1] as Row;
    if (!name.endsWith('e_score_correction_bias')) continue;
    for (const row of rows) for (let e = 1; e < row.length; e += 2) row[e] = row[e - 1] as number;
  }
}

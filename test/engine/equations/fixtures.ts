/** The random checkpoints that the engine is held to: every family, odd sizes, and the settings in which mistakes hide. */
import type { CheckpointSpec } from './checkpoint-maker.js';
import type { PublishedConfig } from './published-config.js';
import type { NamedRows } from './random-weights.js';
import { SeededRandom } from './seeded-random.js';
import type { Row } from './vectors.js';

const DEEPSEEK: PublishedConfig = {
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

const DENSE: PublishedConfig = {
  model_type: 'llama',
  vocab_size: 97,
  hidden_size: 60,
  intermediate_size: 83,
  num_hidden_layers: 3,
  num_attention_heads: 5,
  num_key_value_heads: 1,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  tie_word_embeddings: false,
  bos_token_id: 0,
  eos_token_id: 1,
};

const SOFTMAX_ROUTER = { model_type: 'deepseek_v2', scoring_func: 'softmax', norm_topk_prob: false } as const;

/** Settings under which e4m3 rounding moves the logits without scrambling them. */
const CALM = { calm: 0.5 } as const;

export const fixtures = {
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
      rope_scaling: { ...DEEPSEEK.rope_scaling, type: 'yarn', factor: 8, mscale: 1.3, mscale_all_dim: 0.5, original_max_position_embeddings: 32 },
    },
    storage: 'f32',
  },
  saturated: {
    name: 'deepseek-v3: sigmoids near 1e-8 under a bias near 12',
    seed: 4,
    config: { ...DEEPSEEK, hidden_size: 48, num_hidden_layers: 2, n_group: 1, topk_group: 1, n_routed_experts: 6, num_experts_per_tok: 3, rope_scaling: null },
    storage: 'bf16',
    spread: { selectionBiasMean: 12 },
    adjust: saturateRouters,
  },
  ties: {
    name: 'deepseek-v3: experts with the same score',
    seed: 5,
    config: { ...DEEPSEEK, hidden_size: 50, num_hidden_layers: 2, n_group: 3, n_routed_experts: 12, topk_group: 2, num_experts_per_tok: 3, rope_scaling: null },
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
      rope_scaling: { ...DEEPSEEK.rope_scaling, type: 'yarn', factor: 32, beta_fast: 1, original_max_position_embeddings: 4096 },
    },
    storage: 'bf16',
  },
  v2Lite: {
    name: 'deepseek-v2: greedy softmax router, YaRN with 0.707, stored in float16',
    seed: 31,
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
      rope_scaling: { ...DEEPSEEK.rope_scaling, type: 'yarn', factor: 40, mscale: 0.707, mscale_all_dim: 0.707, original_max_position_embeddings: 64 },
    },
    storage: 'f16',
  },
  v2: {
    name: 'deepseek-v2: group-limited router, scale 16',
    seed: 8,
    config: { ...DEEPSEEK, ...SOFTMAX_ROUTER, hidden_size: 66, topk_method: 'group_limited_greedy', n_group: 3, topk_group: 2, num_experts_per_tok: 4, routed_scaling_factor: 16 },
    storage: 'bf16',
  },
  llama: {
    name: 'llama: llama3 rope scaling, one kv head',
    seed: 9,
    config: {
      ...DENSE,
      rope_theta: 500000,
      rope_scaling: { rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 },
    },
    storage: 'bf16',
  },
  llamaTied: {
    name: 'llama: tied head, every bias, stored in float32',
    seed: 10,
    config: { ...DENSE, hidden_size: 42, num_attention_heads: 3, num_key_value_heads: 3, tie_word_embeddings: true, attention_bias: true, mlp_bias: true },
    storage: 'f32',
  },
  mistral: {
    name: 'mistral: window of 20, head_dim unlike width / heads',
    seed: 11,
    config: { ...DENSE, model_type: 'mistral', hidden_size: 53, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 22, sliding_window: 20 },
    storage: 'bf16',
    shards: 2,
  },
  qwen2: {
    name: 'qwen2: biases, tied head, eps 1e-5 on small embeddings',
    seed: 12,
    config: {
      ...DENSE,
      model_type: 'qwen2',
      hidden_size: 56,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      rope_theta: 1000000,
      tie_word_embeddings: true,
      use_sliding_window: false,
      rms_norm_eps: 1e-5,
    },
    storage: 'bf16',
    adjust: whisperThenShout,
  },
  qwen2Window: {
    name: 'qwen2: a window from the second layer on',
    seed: 13,
    config: { ...DENSE, model_type: 'qwen2', hidden_size: 40, num_attention_heads: 5, num_key_value_heads: 5, use_sliding_window: true, sliding_window: 33, max_window_layers: 1 },
    storage: 'bf16',
  },
  qwen3: {
    name: 'qwen3: norms on q and k, stored in float16',
    seed: 14,
    config: { ...DENSE, model_type: 'qwen3', hidden_size: 100, num_attention_heads: 5, num_key_value_heads: 1, head_dim: 20, rope_theta: 1000000 },
    storage: 'f16',
  },
  qwen3Yarn: {
    name: 'qwen3: YaRN on cos and sin',
    seed: 15,
    config: {
      ...DENSE,
      model_type: 'qwen3',
      hidden_size: 52,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 18,
      rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 40 },
      max_position_embeddings: 160,
    },
    storage: 'bf16',
  },
  qwen3Moe: {
    name: 'qwen3-moe: normalised, one dense layer',
    seed: 16,
    config: {
      ...DENSE,
      model_type: 'qwen3_moe',
      hidden_size: 62,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 14,
      num_experts: 6,
      num_experts_per_tok: 2,
      moe_intermediate_size: 21,
      norm_topk_prob: true,
      decoder_sparse_step: 1,
      mlp_only_layers: [1],
    },
    storage: 'bf16',
  },
  qwen3MoeRaw: {
    name: 'qwen3-moe: raw weights, every second layer sparse',
    seed: 17,
    config: {
      ...DENSE,
      model_type: 'qwen3_moe',
      hidden_size: 46,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 26,
      num_hidden_layers: 4,
      num_experts: 12,
      num_experts_per_tok: 4,
      moe_intermediate_size: 19,
      norm_topk_prob: false,
      decoder_sparse_step: 2,
      mlp_only_layers: [],
    },
    storage: 'bf16',
  },
} satisfies Record<string, CheckpointSpec>;

/** Checkpoints for fp8 mode: few layers and calm weights, so that activation rounding does not compound into noise. */
export const fp8Fixtures = {
  llama: {
    name: 'fp8 llama: quantised at load, rows wider than a group, ragged blocks',
    seed: 21,
    config: { ...DENSE, hidden_size: 150, intermediate_size: 203, num_hidden_layers: 2, num_attention_heads: 5, num_key_value_heads: 1, head_dim: 30 },
    storage: 'bf16',
    spread: CALM,
  },
  llamaTies: {
    name: 'fp8 llama: weights on the edges between codes, and a quiet group of activations',
    seed: 22,
    config: { ...DENSE, hidden_size: 140, intermediate_size: 131, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 20 },
    storage: 'bf16',
    spread: CALM,
    adjust: (weights) => {
      quietLastGroup(weights);
      makeCodesTie(weights);
    },
  },
  v3: {
    name: 'fp8 deepseek-v3: stored as e4m3 with ragged blocks, MTP',
    seed: 23,
    config: {
      ...DEEPSEEK,
      hidden_size: 160,
      intermediate_size: 200,
      moe_intermediate_size: 67,
      num_hidden_layers: 2,
      q_lora_rank: 135,
      kv_lora_rank: 130,
      qk_rope_head_dim: 20,
      qk_nope_head_dim: 36,
      v_head_dim: 44,
      n_routed_experts: 6,
      n_group: 2,
      topk_group: 1,
      num_experts_per_tok: 2,
      num_nextn_predict_layers: 1,
    },
    storage: 'fp8',
    spread: CALM,
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

/** Embeddings small enough for eps to show, and a final norm that brings the tied head's logits back to their size. */
function whisperThenShout(weights: NamedRows): void {
  const scale = (name: string, factor: number) => {
    for (const row of weights.get(name)?.rows ?? []) row.forEach((value, i) => { row[i] = value * factor; });
  };
  scale('model.embed_tokens.weight', 1 / 30);
  scale('model.norm.weight', 30);
}

const QUIET = 1e-9;

/** The normalised row's second group of 128 is near 1e-9, below the clamp, and its weights near 1e9: the clamp shows. */
function quietLastGroup(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    const factor = /(input|post_attention)_layernorm/.test(name) ? QUIET : /(q|k|v|gate|up)_proj\.weight/.test(name) ? 1 / QUIET : 1;
    for (const row of rows) for (let i = 128; i < row.length; ++i) row[i] = (row[i] as number) * factor;
  }
}

/** An amax of 1.75 makes a block's scale 2^-8, so that one bf16 weight in sixteen lies halfway between two codes. */
function makeCodesTie(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    if (!name.includes('down_proj')) continue;
    for (let top = 0; top < rows.length; top += 128) {
      for (let left = 0; left < (rows[0] as Row).length; left += 128) (rows[top] as Row)[left] = 1.75;
    }
  }
}

/** A prompt over the whole vocabulary, its first and last ids included. */
export function randomIds(spec: CheckpointSpec, length: number): number[] {
  const random = new SeededRandom(1000 + spec.seed);
  const vocab = spec.config.vocab_size;
  return Array.from({ length }, (_, t) => (t === 2 ? vocab - 1 : t === 3 ? 0 : random.below(vocab)));
}

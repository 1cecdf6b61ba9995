/** Random checkpoints of the families with grouped-query attention. */
import type { CheckpointSpec } from './checkpoint-maker.js';
import type { PublishedConfig } from './published-config.js';
import type { NamedRows } from './random-weights.js';

export const DENSE: PublishedConfig = {
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

export const denseFixtures = {
  llama: {
    name: 'llama: llama3 rope scaling, one kv head',
    seed: 9,
    config: {
      ...DENSE,
      rope_theta: 500000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
    },
    storage: 'bf16',
  },
  llamaTied: {
    name: 'llama: tied head, every bias, stored in float32',
    seed: 10,
    config: {
      ...DENSE,
      hidden_size: 42,
      num_attention_heads: 3,
      num_key_value_heads: 3,
      tie_word_embeddings: true,
      attention_bias: true,
      mlp_bias: true,
    },
    storage: 'f32',
  },
  mistral: {
    name: 'mistral: window of 20, head_dim unlike width / heads',
    seed: 11,
    config: {
      ...DENSE,
      model_type: 'mistral',
      hidden_size: 53,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 22,
      sliding_window: 20,
    },
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
    config: {
      ...DENSE,
      model_type: 'qwen2',
      hidden_size: 40,
      num_attention_heads: 5,
      num_key_value_heads: 5,
      use_sliding_window: true,
      sliding_window: 33,
      max_window_layers: 1,
    },
    storage: 'bf16',
  },
  qwen3: {
    name: 'qwen3: norms on q and k, stored in float16',
    seed: 14,
    config: {
      ...DENSE,
      model_type: 'qwen3',
      hidden_size: 100,
      num_attention_heads: 5,
      num_key_value_heads: 1,
      head_dim: 20,
      rope_theta: 1000000,
    },
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

/** Embeddings small enough for eps to show, and a final norm that brings the tied head's logits back to their size. */
function whisperThenShout(weights: NamedRows): void {
  const scale = (name: string, factor: number) => {
    for (const row of weights.get(name)?.rows ?? [])
      row.forEach((value, i) => {
        row[i] = value * factor;
      });
  };
  scale('model.embed_tokens.weight', 1 / 30);
  scale('model.norm.weight', 30);
}

/** Shapes of published models with weights to be made up, so that speed can be measured without anybody's checkpoint. */
import { EvalrunError } from '../../errors.js';
import type { RawConfig } from '../architectures/family.js';

export interface SyntheticShape {
  readonly name: string;
  /** What of the published model it is. */
  readonly description: string;
  readonly config: RawConfig;
}

const LLAMA = {
  model_type: 'llama',
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
};

const V3 = {
  model_type: 'deepseek_v3',
  n_shared_experts: 1,
  norm_topk_prob: true,
  scoring_func: 'sigmoid',
  topk_method: 'noaux_tc',
  routed_scaling_factor: 2.5,
  moe_layer_freq: 1,
  first_k_dense_replace: 1,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 16_384,
  tie_word_embeddings: false,
  bos_token_id: 0,
  eos_token_id: 1,
};

const SHAPES: readonly SyntheticShape[] = [
  {
    name: 'llama-1b',
    description: 'TinyLlama-1.1B: 22 layers, 32 heads over 4',
    config: {
      ...LLAMA,
      vocab_size: 32_000,
      hidden_size: 2048,
      intermediate_size: 5632,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      max_position_embeddings: 8192,
    },
  },
  {
    name: 'v2-lite',
    description: 'DeepSeek-V2-Lite, 5 of its 27 layers: latent attention, 6 of 64 experts',
    config: {
      ...V3,
      model_type: 'deepseek_v2',
      vocab_size: 102_400,
      hidden_size: 2048,
      intermediate_size: 10_944,
      moe_intermediate_size: 1408,
      num_hidden_layers: 5,
      num_attention_heads: 16,
      num_key_value_heads: 16,
      n_routed_experts: 64,
      n_shared_experts: 2,
      num_experts_per_tok: 6,
      n_group: 1,
      topk_group: 1,
      routed_scaling_factor: 1,
      topk_method: 'greedy',
      scoring_func: 'softmax',
      norm_topk_prob: false,
      kv_lora_rank: 512,
      q_lora_rank: null,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
    },
  },
  {
    name: 'v3-layer',
    description: "DeepSeek-V3's widths: one dense layer, one with 8 of 32 experts (of its 256), a vocabulary of 32,000",
    config: {
      ...V3,
      vocab_size: 32_000,
      hidden_size: 7168,
      intermediate_size: 18_432,
      moe_intermediate_size: 2048,
      num_hidden_layers: 2,
      num_attention_heads: 128,
      num_key_value_heads: 128,
      n_routed_experts: 32,
      num_experts_per_tok: 8,
      n_group: 8,
      topk_group: 4,
      kv_lora_rank: 512,
      q_lora_rank: 1536,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
    },
  },
  {
    name: 'v3-small',
    description: "DeepSeek-V3's layout at 0.9 B: 12 layers, 8 of 64 experts in 8 groups",
    config: {
      ...V3,
      vocab_size: 32_000,
      hidden_size: 1024,
      intermediate_size: 4096,
      moe_intermediate_size: 384,
      num_hidden_layers: 12,
      num_attention_heads: 16,
      num_key_value_heads: 16,
      n_routed_experts: 64,
      num_experts_per_tok: 8,
      n_group: 8,
      topk_group: 4,
      kv_lora_rank: 256,
      q_lora_rank: 512,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 64,
      v_head_dim: 64,
    },
  },
];

export function listShapes(): readonly SyntheticShape[] {
  return SHAPES;
}

/** Throws `usage/shape` with the names that there are. `layers` takes the place of the shape's own number. */
export function syntheticShape(name: string, layers?: number): SyntheticShape {
  const found = SHAPES.find((shape) => shape.name === name);
  if (found === undefined) {
    throw new EvalrunError('usage/shape', {
      what: 'There is no such shape',
      expected: `one of ${SHAPES.map((shape) => shape.name).join(', ')}`,
      found: name,
    });
  }
  if (layers === undefined) return found;
  return { ...found, config: { ...found.config, num_hidden_layers: layers } };
}

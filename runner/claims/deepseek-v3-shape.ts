/** DeepSeek-V3's published hyperparameters, so that its sizes can be computed without its checkpoint. */
import type { ArchSpec } from '../../engine/arch-spec.js';
import { archSpecOf } from '../../engine/architectures/registry.js';

/** DeepSeek-V3 Technical Report (arXiv 2412.19437), section 4.2, and its config.json. */
export function deepseekV3Shape(): ArchSpec {
  return archSpecOf({
    model_type: 'deepseek_v3',
    vocab_size: 129_280,
    hidden_size: 7168,
    intermediate_size: 18_432,
    moe_intermediate_size: 2048,
    num_hidden_layers: 61,
    num_nextn_predict_layers: 1,
    num_attention_heads: 128,
    num_key_value_heads: 128,
    n_shared_experts: 1,
    n_routed_experts: 256,
    num_experts_per_tok: 8,
    n_group: 8,
    topk_group: 4,
    first_k_dense_replace: 3,
    moe_layer_freq: 1,
    routed_scaling_factor: 2.5,
    norm_topk_prob: true,
    scoring_func: 'sigmoid',
    topk_method: 'noaux_tc',
    kv_lora_rank: 512,
    q_lora_rank: 1536,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
    hidden_act: 'silu',
    max_position_embeddings: 163_840,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    rope_scaling: {
      type: 'yarn',
      factor: 40,
      original_max_position_embeddings: 4096,
      beta_fast: 32,
      beta_slow: 1,
      mscale: 1,
      mscale_all_dim: 1,
    },
    attention_bias: false,
    tie_word_embeddings: false,
    bos_token_id: 0,
    eos_token_id: 1,
  });
}

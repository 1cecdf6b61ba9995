/** Checkpoints of random weights that are small enough for the simulated GPU, and that text can be asked of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeSyntheticCheckpoint } from '../../engine/benchmark/synthetic-checkpoint.js';
import { byteTokenizer } from '../../models/byte-tokenizer.js';

const common = {
  vocab_size: 384,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  hidden_act: 'silu',
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  rope_scaling: null,
  tie_word_embeddings: false,
  bos_token_id: 256,
  eos_token_id: 257,
  torch_dtype: 'bfloat16',
};

export const TINY_LLAMA = {
  ...common,
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  num_key_value_heads: 1,
};

/** Latent attention, experts and a multi-token-prediction module. */
export const TINY_DEEPSEEK = {
  ...common,
  architectures: ['DeepseekV3ForCausalLM'],
  model_type: 'deepseek_v3',
  num_key_value_heads: 2,
  moe_intermediate_size: 32,
  n_shared_experts: 1,
  n_routed_experts: 8,
  routed_scaling_factor: 2.5,
  kv_lora_rank: 32,
  q_lora_rank: 48,
  qk_rope_head_dim: 16,
  v_head_dim: 32,
  qk_nope_head_dim: 32,
  n_group: 2,
  topk_group: 1,
  num_experts_per_tok: 2,
  first_k_dense_replace: 1,
  moe_layer_freq: 1,
  norm_topk_prob: true,
  scoring_func: 'sigmoid',
  topk_method: 'noaux_tc',
  attention_bias: false,
  num_nextn_predict_layers: 1,
};

/** Writes one with a tokenizer of bytes to `folder`, and returns the folder. */
export function writeTinyCheckpoint(folder: string, config: typeof TINY_LLAMA | typeof TINY_DEEPSEEK): string {
  mkdirSync(folder, { recursive: true });
  writeSyntheticCheckpoint(folder, config);
  const { tokenizer, tokenizerConfig } = byteTokenizer(config.bos_token_id, config.eos_token_id);
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  return folder;
}

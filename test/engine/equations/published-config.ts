/** config.json as its publishers write it: the keys that the equations read, and what they say about a layer. */

export interface RopeScaling {
  readonly type?: 'yarn';
  readonly rope_type?: 'llama3' | 'yarn';
  readonly factor: number;
  readonly original_max_position_embeddings: number;
  readonly beta_fast?: number;
  readonly beta_slow?: number;
  readonly mscale?: number;
  readonly mscale_all_dim?: number;
  readonly low_freq_factor?: number;
  readonly high_freq_factor?: number;
}

export interface PublishedConfig {
  readonly model_type:
    | 'deepseek_v3'
    | 'kimi_k2'
    | 'deepseek_v2'
    | 'llama'
    | 'mistral'
    | 'qwen2'
    | 'qwen3'
    | 'qwen3_moe';
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly rope_scaling?: RopeScaling | null;
  readonly tie_word_embeddings: boolean;
  readonly bos_token_id?: number;
  readonly eos_token_id?: number;
  // grouped-query attention
  readonly head_dim?: number;
  readonly attention_bias?: boolean;
  readonly mlp_bias?: boolean;
  readonly sliding_window?: number | null;
  readonly use_sliding_window?: boolean;
  readonly max_window_layers?: number;
  // latent attention
  readonly q_lora_rank?: number | null;
  readonly kv_lora_rank?: number;
  readonly qk_nope_head_dim?: number;
  readonly qk_rope_head_dim?: number;
  readonly v_head_dim?: number;
  // mixture of experts: DeepSeek's keys, then Qwen's
  readonly n_routed_experts?: number;
  readonly n_shared_experts?: number;
  readonly n_group?: number;
  readonly topk_group?: number;
  readonly topk_method?: 'noaux_tc' | 'greedy' | 'group_limited_greedy';
  readonly scoring_func?: 'sigmoid' | 'softmax';
  readonly routed_scaling_factor?: number;
  readonly first_k_dense_replace?: number;
  readonly moe_layer_freq?: number;
  readonly num_experts_per_tok?: number;
  readonly moe_intermediate_size?: number;
  readonly norm_topk_prob?: boolean;
  readonly num_experts?: number;
  readonly decoder_sparse_step?: number;
  readonly mlp_only_layers?: readonly number[];
  readonly num_nextn_predict_layers?: number;
  readonly quantization_config?: { readonly quant_method: 'fp8'; readonly [key: string]: unknown };
}

export function isDeepseek({ model_type }: PublishedConfig): boolean {
  return model_type === 'deepseek_v3' || model_type === 'deepseek_v2' || model_type === 'kimi_k2';
}

export function headDim(config: PublishedConfig): number {
  return config.head_dim ?? config.hidden_size / config.num_attention_heads;
}

/** Routed experts of an MoE layer; 0 in a model without experts. */
export function expertCount(config: PublishedConfig): number {
  return config.n_routed_experts ?? config.num_experts ?? 0;
}

/** Whether `layer` has experts; an MTP module counts as the layer after the last. */
export function isMoeLayer(config: PublishedConfig, layer: number): boolean {
  if (isDeepseek(config)) return layer >= (config.first_k_dense_replace ?? 0);
  if (config.model_type !== 'qwen3_moe' || config.mlp_only_layers?.includes(layer)) return false;
  return (layer + 1) % (config.decoder_sparse_step ?? 1) === 0;
}

/** Positions a query of `layer` sees, its own included; Infinity without a window. */
export function windowOf(config: PublishedConfig, layer: number): number {
  if (config.sliding_window === undefined || config.sliding_window === null) return Infinity;
  if (config.model_type === 'mistral') return config.sliding_window;
  if (!config.use_sliding_window) return Infinity;
  // Qwen: the first max_window_layers layers see everything.
  return layer >= (config.max_window_layers ?? 0) ? config.sliding_window : Infinity;
}

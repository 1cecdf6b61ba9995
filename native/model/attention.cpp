// The attention half of a layer: grouped-query attention and Multi-head Latent Attention.
#include "model/rows.h"
#include "model/run_op.h"

namespace evalrun {

void Model::remember(int layer, const Rows& rows, const float* h) {
  const DeviceRange range(*device_, "keys and values");
  spec_.latent ? remember_latent(layer, rows, h) : remember_keys(layer, rows, h);
}

void Model::attend(int layer, const Rows& rows, const float* h, float* y) {
  const DeviceRange range(*device_, "attention");
  spec_.latent ? latent_attention(layer, rows, h, y) : gqa_attention(layer, rows, h, y);
}

void Model::norm_and_rotate(const std::string& norm, const Rows& rows, int heads, float* x) {
  const GqaSpec& spec = spec_.gqa;
  const int dim = spec.head_dim;
  if (spec.qk_norm) {
    run(RmsNormOp{x, dim, weights_->stored(norm), spec.qk_norm_eps, numerics_.round_normalized, rows.count * heads, dim, x, dim});
  }
  run(RopeOp{x, static_cast<int64_t>(heads) * dim, heads, dim, 0, spec_.rope_dim, spec_.rope_interleaved, rows.rope_positions,
             static_cast<const float*>(cos_sin_.data()), rows.count});
}

void Model::remember_keys(int layer, const Rows& rows, const float* h) {
  const GqaSpec& spec = spec_.gqa;
  const std::string prefix = "model.layers." + std::to_string(layer) + ".self_attn.";
  const int count = rows.count;
  const int64_t columns = static_cast<int64_t>(spec.kv_heads) * spec.head_dim;
  float* k = k_.floats(count * columns);
  float* v = v_.floats(count * columns);
  linear(h, spec_.width, prefix + "k_proj", numerics_.linear, count, k, spec.qkv_bias);
  linear(h, spec_.width, prefix + "v_proj", numerics_.linear, count, v, spec.qkv_bias);
  norm_and_rotate(prefix + "k_norm.weight", rows, spec.kv_heads, k);
  run(StoreKvOp{k, columns, v, columns, false, spec.kv_heads, spec.head_dim, spec.head_dim, rows.slots, cache_.dtype(),
                cache_.keys(layer), cache_.values(layer), count});
}

void Model::gqa_attention(int layer, const Rows& rows, const float* h, float* y) {
  const GqaSpec& spec = spec_.gqa;
  const std::string prefix = "model.layers." + std::to_string(layer) + ".self_attn.";
  const int count = rows.count;
  const int64_t columns = static_cast<int64_t>(spec.heads) * spec.head_dim;
  float* q = q_.floats(count * columns);
  linear(h, spec_.width, prefix + "q_proj", numerics_.linear, count, q, spec.qkv_bias);
  norm_and_rotate(prefix + "q_norm.weight", rows, spec.heads, q);
  float* attended = attended_.floats(count * columns);
  run(AttentionOp{q, columns, spec.heads, spec.kv_heads, spec.head_dim, spec_.softmax_scale, spec_.sliding_windows[layer],
                  numerics_.attention, cache_.dtype(), cache_.keys(layer), cache_.values(layer), rows.spans, attended, columns});
  linear(attended, columns, prefix + "o_proj", numerics_.linear, count, y, spec.output_bias);
}

// The low-rank projection holds the latent and, after it, the one rotary key that all heads share; only the latent is normalised.
void Model::remember_latent(int layer, const Rows& rows, const float* h) {
  const MlaSpec& spec = spec_.mla;
  const std::string prefix = "model.layers." + std::to_string(layer) + ".self_attn.";
  const int count = rows.count;
  const int rank = spec.kv_lora_rank;
  const int64_t columns = rank + spec.rope_dim;
  float* kv = kv_.floats(count * columns);
  linear(h, spec_.width, prefix + "kv_a_proj_with_mqa", numerics_.linear, count, kv, spec.attention_bias);
  run(StoreLatentOp{{kv, columns, weights_->stored(prefix + "kv_a_layernorm.weight"), spec.latent_norm_eps, numerics_.round_normalized,
                     count, rank, kv, columns},
                    {kv, columns, 1, static_cast<int>(columns), rank, spec.rope_dim, spec_.rope_interleaved, rows.rope_positions,
                     static_cast<const float*>(cos_sin_.data()), count},
                    {kv, columns, kv + rank, columns, true, 1, rank, spec.rope_dim, rows.slots, cache_.dtype(), cache_.keys(layer),
                     nullptr, count}});
}

void Model::latent_attention(int layer, const Rows& rows, const float* h, float* y) {
  const MlaSpec& spec = spec_.mla;
  const std::string prefix = "model.layers." + std::to_string(layer) + ".self_attn.";
  const int count = rows.count;
  const int q_head = spec.nope_dim + spec.rope_dim;
  const int64_t q_columns = static_cast<int64_t>(spec.heads) * q_head;
  float* q = q_.floats(count * q_columns);
  if (spec.q_lora_rank > 0) {
    const int rank = spec.q_lora_rank;
    float* low = q_latent_.floats(static_cast<int64_t>(count) * rank);
    linear(h, spec_.width, prefix + "q_a_proj", numerics_.linear, count, low, spec.attention_bias);
    run(RmsNormOp{low, rank, weights_->stored(prefix + "q_a_layernorm.weight"), spec.latent_norm_eps,
                  numerics_.round_normalized, count, rank, low, rank});
    linear(low, rank, prefix + "q_b_proj", numerics_.linear, count, q, false);
  } else {
    linear(h, spec_.width, prefix + "q_proj", numerics_.linear, count, q, false);
  }
  run(RopeOp{q, q_columns, spec.heads, q_head, spec.nope_dim, spec.rope_dim, spec_.rope_interleaved, rows.rope_positions,
             static_cast<const float*>(cos_sin_.data()), count});
  const int64_t out_columns = static_cast<int64_t>(spec.heads) * spec.v_dim;
  float* attended = attended_.floats(count * out_columns);
  run(LatentAttentionOp{q, q_columns, spec.heads, spec.nope_dim, spec.rope_dim, spec.v_dim, spec.kv_lora_rank,
                        weights_->product(prefix + "kv_b_proj.weight", numerics_.kv_b), spec_.softmax_scale,
                        numerics_.attention, cache_.dtype(), cache_.keys(layer), rows.spans, attended, out_columns,
                        numerics_.attention_in_parts()});
  linear(attended, out_columns, prefix + "o_proj", numerics_.linear, count, y, spec.attention_bias);
}

}  // namespace evalrun

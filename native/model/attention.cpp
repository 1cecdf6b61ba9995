// The attention half of a layer: grouped-query attention and Multi-head Latent Attention.
#include "model/rows.h"
#include "model/run_op.h"

namespace evalrun {
namespace {

std::string attention_prefix(int layer) { return "model.layers." + std::to_string(layer) + ".self_attn."; }

}  // namespace

void Model::attention(int layer, const Rows& rows, const float* h, float* y) {
  const DeviceRange range(*device_, "attention");
  const LinearOp queries = query_product(layer, rows, h);
  if (spec_.latent) {
    run(LinearsOp{{latent_product(layer, rows, h), queries}, 2});
    const RopeOp rope = latent_queries(layer, rows);
    run(AttendLatentOp{store_latent(layer, rows, rope), latent_attention(layer, rows)});
  } else {
    remember_keys(layer, rows, h, &queries);
    run(gqa_attention(layer, rows));
  }
  project_attended(layer, rows, y);
}

void Model::remember(int layer, const Rows& rows, const float* h) {
  const DeviceRange range(*device_, "keys and values");
  if (!spec_.latent) return remember_keys(layer, rows, h, nullptr);
  run(latent_product(layer, rows, h));
  run(store_latent(layer, rows, RopeOp{}));
}

void Model::ask(int layer, const Rows& rows, const float* h, float* y) {
  const DeviceRange range(*device_, "attention");
  run(query_product(layer, rows, h));
  if (spec_.latent) {
    run(latent_queries(layer, rows));
    run(latent_attention(layer, rows));
  } else {
    run(normalized_heads(attention_prefix(layer) + "q_norm.weight", rows, spec_.gqa.heads, q_.floats(0)));
    run(gqa_attention(layer, rows));
  }
  project_attended(layer, rows, y);
}

void Model::project_attended(int layer, const Rows& rows, float* y) {
  linear(attended_.floats(0), attended_columns(), attention_prefix(layer) + "o_proj", numerics_.linear, rows.count, y,
         spec_.latent ? spec_.mla.attention_bias : spec_.gqa.output_bias);
}

// The first product of the queries: they themselves, or what low rank they have.
LinearOp Model::query_product(int layer, const Rows& rows, const float* h) {
  const std::string prefix = attention_prefix(layer);
  if (spec_.latent && spec_.mla.q_lora_rank > 0) {
    float* low = q_latent_.floats(int64_t{rows.count} * spec_.mla.q_lora_rank);
    return linear_op(h, spec_.width, prefix + "q_a_proj", numerics_.linear, rows.count, low, spec_.mla.attention_bias);
  }
  float* q = q_.floats(rows.count * query_columns());
  return linear_op(h, spec_.width, prefix + "q_proj", numerics_.linear, rows.count, q, !spec_.latent && spec_.gqa.qkv_bias);
}

int64_t Model::query_columns() const {
  return spec_.latent ? int64_t{spec_.mla.heads} * (spec_.mla.nope_dim + spec_.mla.rope_dim)
                      : int64_t{spec_.gqa.heads} * spec_.gqa.head_dim;
}

int64_t Model::attended_columns() const {
  return spec_.latent ? int64_t{spec_.mla.heads} * spec_.mla.v_dim : int64_t{spec_.gqa.heads} * spec_.gqa.head_dim;
}

RopeOp Model::normalized_heads(const std::string& norm, const Rows& rows, int heads, float* x) {
  const GqaSpec& spec = spec_.gqa;
  const int dim = spec.head_dim;
  if (spec.qk_norm) {
    run(RmsNormOp{x, dim, weights_->stored(norm), spec.qk_norm_eps, numerics_.round_normalized, rows.count * heads, dim, x, dim});
  }
  return {x, static_cast<int64_t>(heads) * dim, heads, dim, 0, spec_.rope_dim, spec_.rope_interleaved, rows.rope_positions,
          static_cast<const float*>(cos_sin_.data()), rows.count};
}

void Model::remember_keys(int layer, const Rows& rows, const float* h, const LinearOp* queries) {
  const GqaSpec& spec = spec_.gqa;
  const std::string prefix = attention_prefix(layer);
  const int count = rows.count;
  const int64_t columns = static_cast<int64_t>(spec.kv_heads) * spec.head_dim;
  float* k = k_.floats(count * columns);
  float* v = v_.floats(count * columns);
  LinearsOp products{{linear_op(h, spec_.width, prefix + "k_proj", numerics_.linear, count, k, spec.qkv_bias),
                      linear_op(h, spec_.width, prefix + "v_proj", numerics_.linear, count, v, spec.qkv_bias)},
                     2};
  if (queries != nullptr) products.products[products.count++] = *queries;
  run(products);
  RopeOp turned{};
  if (queries != nullptr) turned = normalized_heads(prefix + "q_norm.weight", rows, spec.heads, queries->y);
  run(StoreKeysOp{normalized_heads(prefix + "k_norm.weight", rows, spec.kv_heads, k),
                  {k, columns, v, columns, false, spec.kv_heads, spec.head_dim, spec.head_dim, rows.slots, cache_.dtype(),
                   cache_.keys(layer), cache_.values(layer), count},
                  turned});
}

AttentionOp Model::gqa_attention(int layer, const Rows& rows) {
  const GqaSpec& spec = spec_.gqa;
  const int64_t columns = attended_columns();
  return {q_.floats(0), query_columns(), spec.heads, spec.kv_heads, spec.head_dim, spec_.softmax_scale, spec_.sliding_windows[layer],
          numerics_.attention, cache_.dtype(), cache_.keys(layer), cache_.values(layer), rows.spans,
          attended_.floats(rows.count * columns), columns};
}

// The low-rank projection holds the latent and, after it, the one rotary key that all heads share; only the latent is normalised.
LinearOp Model::latent_product(int layer, const Rows& rows, const float* h) {
  const MlaSpec& spec = spec_.mla;
  float* kv = kv_.floats(int64_t{rows.count} * (spec.kv_lora_rank + spec.rope_dim));
  return linear_op(h, spec_.width, attention_prefix(layer) + "kv_a_proj_with_mqa", numerics_.linear, rows.count, kv, spec.attention_bias);
}

StoreLatentOp Model::store_latent(int layer, const Rows& rows, const RopeOp& queries) {
  const MlaSpec& spec = spec_.mla;
  const int count = rows.count;
  const int rank = spec.kv_lora_rank;
  const int64_t columns = rank + spec.rope_dim;
  float* kv = kv_.floats(0);
  const Weight norm = weights_->stored(attention_prefix(layer) + "kv_a_layernorm.weight");
  return {{kv, columns, norm, spec.latent_norm_eps, numerics_.round_normalized, count, rank, kv, columns},
          {kv, columns, 1, static_cast<int>(columns), rank, spec.rope_dim, spec_.rope_interleaved, rows.rope_positions,
           static_cast<const float*>(cos_sin_.data()), count},
          {kv, columns, kv + rank, columns, true, 1, rank, spec.rope_dim, rows.slots, cache_.dtype(), cache_.keys(layer), nullptr, count},
          queries};
}

// Behind query_product(): the rotation that is left to do.
RopeOp Model::latent_queries(int layer, const Rows& rows) {
  const MlaSpec& spec = spec_.mla;
  const std::string prefix = attention_prefix(layer);
  const int count = rows.count;
  float* q = q_.floats(count * query_columns());
  if (spec.q_lora_rank > 0) {
    const int rank = spec.q_lora_rank;
    float* low = q_latent_.floats(0);
    run(RmsNormOp{low, rank, weights_->stored(prefix + "q_a_layernorm.weight"), spec.latent_norm_eps,
                  numerics_.round_normalized, count, rank, low, rank});
    linear(low, rank, prefix + "q_b_proj", numerics_.linear, count, q, false);
  }
  return {q, query_columns(), spec.heads, spec.nope_dim + spec.rope_dim, spec.nope_dim, spec.rope_dim, spec_.rope_interleaved,
          rows.rope_positions, static_cast<const float*>(cos_sin_.data()), count};
}

LatentAttentionOp Model::latent_attention(int layer, const Rows& rows) {
  const MlaSpec& spec = spec_.mla;
  const int64_t columns = attended_columns();
  return {q_.floats(0), query_columns(), spec.heads, spec.nope_dim, spec.rope_dim, spec.v_dim, spec.kv_lora_rank,
          weights_->product(attention_prefix(layer) + "kv_b_proj.weight", numerics_.kv_b), spec_.softmax_scale,
          numerics_.attention, cache_.dtype(), cache_.keys(layer), rows.spans, attended_.floats(rows.count * columns), columns,
          numerics_.attention_in_parts()};
}

}  // namespace evalrun

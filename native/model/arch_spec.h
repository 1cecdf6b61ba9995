// The model's shape and numerics as the TypeScript side decides them (engine/arch-spec.ts); native code adds no policy.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ops/ops.h"

namespace evalrun {

struct GqaSpec {
  int heads = 0, kv_heads = 0, head_dim = 0;
  bool qkv_bias = false, output_bias = false, qk_norm = false;
  float qk_norm_eps = 0;
};

struct MlaSpec {
  int heads = 0;
  int q_lora_rank = 0;  // 0: one projection
  int kv_lora_rank = 0, nope_dim = 0, rope_dim = 0, v_dim = 0;
  bool attention_bias = false;
  float latent_norm_eps = 0;
};

struct MoeSpec {
  int experts = 0, experts_per_token = 0, width = 0, shared_width = 0;
  Scoring scoring = Scoring::kSigmoid;
  GroupScore group_score = GroupScore::kMax;
  bool selection_bias = false, normalize = false;
  int groups = 1, groups_per_token = 1;
  float routed_scale = 1;
};

struct ArchSpec {
  int vocab = 0, width = 0, layers = 0, mtp_layers = 0, dense_width = 0, context_length = 0;
  bool latent = false;
  GqaSpec gqa;
  MlaSpec mla;
  MoeSpec moe;
  float softmax_scale = 0, norm_eps = 0;
  bool rope_interleaved = false;
  int rope_dim = 0;
  std::vector<float> inverse_frequencies;
  float rope_attention_factor = 1;
  std::vector<uint8_t> layer_is_moe;  // main layers, then MTP layers
  std::vector<int> sliding_windows;   // same order; 0 is none
  bool mlp_bias = false, tied_head = false;

  int heads() const { return latent ? mla.heads : gqa.heads; }
};

// In which precision each product takes its operands, and what the cache holds.
struct Numerics {
  Precision linear = Precision::kF32;     // projections, feed-forward, experts
  Precision head = Precision::kF32;       // lm_head and eh_proj
  Precision attention = Precision::kF32;  // q.k and p.v, and the operands of kv_b
  Precision kv_b = Precision::kF32;       // how kv_b is held: as stored, or rounded to bfloat16
  DType kv = DType::kF32;
  bool round_normalized = false;
  // Where FP8's products may be summed as a device's own e4m3 instructions do: Hopper's keep about 14 bits within a panel of 128 columns.
  // Otherwise in float32.
  bool short_fp8_sums = false;

  // LatentAttentionOp::in_parts.
  // fp8 asks for attention without roundings and is measured in speed as well; f32 is the reference.
  bool attention_in_parts() const { return attention == Precision::kF32 && linear == Precision::kFP8; }
};

}  // namespace evalrun

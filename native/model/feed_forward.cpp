// The feed-forward half of a layer: a gated MLP, or DeepSeekMoE with routed and shared experts.
#include <algorithm>

#include "model/run_op.h"

namespace evalrun {

void Model::feed_forward(int layer, const AddNormOp& norm, float* y) {
  const DeviceRange range(*device_, "feed-forward");
  const std::string prefix = "model.layers." + std::to_string(layer) + ".mlp.";
  if (spec_.layer_is_moe[layer]) return moe(layer, prefix, norm, y);
  run(norm);
  dense_mlp(prefix, spec_.dense_width, norm.rows, norm.y, y);
}

void Model::dense_mlp(const std::string& prefix, int64_t width, int count, const float* h, float* y) {
  float* gate = gate_.floats(count * width);
  run(dense_gated(prefix, count, h, gate, up_.floats(count * width)));
  linear(gate, width, prefix + "down_proj", numerics_.linear, count, y, spec_.mlp_bias);
}

GatedLinearOp Model::dense_gated(const std::string& prefix, int count, const float* h, float* gate, float* up) {
  return {linear_op(h, spec_.width, prefix + "gate_proj", numerics_.linear, count, gate, spec_.mlp_bias),
          linear_op(h, spec_.width, prefix + "up_proj", numerics_.linear, count, up, spec_.mlp_bias)};
}

void Model::moe(int layer, const std::string& prefix, const AddNormOp& norm, float* y) {
  const MoeSpec& spec = spec_.moe;
  const int count = norm.rows;
  const float* h = norm.y;
  const int slots = count * spec.experts_per_token;
  float* logits = router_.floats(static_cast<int64_t>(count) * spec.experts);
  int32_t* chosen = chosen_.ints(slots);
  if (recording_experts_ && layer < spec_.layers) {
    recorded_experts_.emplace_back(slots);
    chosen = device_->land(recorded_experts_.back());
  }
  float* weights = chosen_weights_.floats(slots);
  const float* bias = spec.selection_bias ? weights_->vector(prefix + "gate.e_score_correction_bias") : nullptr;
  int32_t* order = order_.ints(slots);
  int32_t* offsets = offsets_.ints(spec.experts + 1);
  int32_t* slot_of = slot_of_.ints(slots);
  run(NormRouteOp{norm,
                  linear_op(h, spec_.width, prefix + "gate", Precision::kF32, count, logits, false),
                  {{logits, bias, spec.scoring, spec.group_score, spec.experts, spec.experts_per_token, spec.groups,
                    spec.groups_per_token, spec.normalize, spec.routed_scale, count, chosen, weights},
                   {chosen, count, spec.experts_per_token, spec.experts, order, offsets, slot_of}}});

  auto grouped = [&](const float* x, const char* part, bool gather, float* out) {
    return GroupedLinearOp{x,     weights_->experts(prefix, part, spec.experts, numerics_.linear).data(), spec.experts,
                           order, offsets, slots, spec.experts_per_token, gather, numerics_.linear, out};
  };
  float* gate = expert_in_.floats(static_cast<int64_t>(slots) * spec.width);
  float* up = up_.floats(std::max(static_cast<int64_t>(slots) * spec.width, static_cast<int64_t>(count) * spec.shared_width));
  float* out = expert_out_.floats(static_cast<int64_t>(slots) * spec_.width);
  const GroupedGatedLinearOp routed{grouped(h, "gate_proj", true, gate), grouped(h, "up_proj", true, up)};
  const GroupedLinearOp routed_down = grouped(gate, "down_proj", false, out);
  float* shared = nullptr;
  if (spec.shared_width > 0) {
    const std::string names = prefix + "shared_experts.";
    float* shared_gate = gate_.floats(static_cast<int64_t>(count) * spec.shared_width);
    shared = shared_.floats(static_cast<int64_t>(count) * spec_.width);
    run(MoeGatedOp{routed, dense_gated(names, count, h, shared_gate, up)});
    run(MoeLinearOp{routed_down,
                    linear_op(shared_gate, spec.shared_width, names + "down_proj", numerics_.linear, count, shared, spec_.mlp_bias)});
  } else {
    run(routed);
    run(routed_down);
  }
  uncombined_ = CombineOp{out, slot_of, weights, count, spec_.width, spec.experts_per_token, shared, y};
}

}  // namespace evalrun

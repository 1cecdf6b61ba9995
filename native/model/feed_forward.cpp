// The feed-forward half of a layer: a gated MLP, or DeepSeekMoE with routed and shared experts.
#include "model/run_op.h"

namespace evalrun {

void Model::feed_forward(int layer, int count, const float* h, float* y) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".mlp.";
  if (!spec_.layer_is_moe[layer]) {
    dense_mlp(prefix, spec_.dense_width, count, h, y);
    return;
  }
  moe(layer, prefix, count, h, y);
}

void Model::dense_mlp(const std::string& prefix, int64_t width, int count, const float* h, float* y) {
  float* gate = gate_.floats(count * width);
  float* up = up_.floats(count * width);
  linear(h, spec_.width, prefix + "gate_proj", numerics_.linear, count, gate, spec_.mlp_bias);
  linear(h, spec_.width, prefix + "up_proj", numerics_.linear, count, up, spec_.mlp_bias);
  run(GatedActOp{gate, up, count, static_cast<int>(width), gate});
  linear(gate, width, prefix + "down_proj", numerics_.linear, count, y, spec_.mlp_bias);
}

namespace {

// Stable counting sort of (row, k) pairs by expert.
struct Buckets {
  std::vector<int32_t> order, offsets, slot_of;

  Buckets(const std::vector<int32_t>& chosen, int experts)
      : order(chosen.size()), offsets(experts + 1, 0), slot_of(chosen.size()) {
    for (int32_t expert : chosen) ++offsets[expert + 1];
    for (int e = 0; e < experts; ++e) offsets[e + 1] += offsets[e];
    std::vector<int32_t> next(offsets.begin(), offsets.end() - 1);
    for (size_t pair = 0; pair < chosen.size(); ++pair) {
      const int32_t slot = next[chosen[pair]]++;
      order[slot] = static_cast<int32_t>(pair);
      slot_of[pair] = slot;
    }
  }
};

}  // namespace

void Model::moe(int layer, const std::string& prefix, int count, const float* h, float* y) {
  const MoeSpec& spec = spec_.moe;
  const int slots = count * spec.experts_per_token;
  float* logits = router_.floats(static_cast<int64_t>(count) * spec.experts);
  linear(h, spec_.width, prefix + "gate", Precision::kF32, count, logits, false);
  std::vector<int32_t> chosen(slots);
  std::vector<float> weights(slots);
  const float* bias = spec.selection_bias ? weights_.vector(prefix + "gate.e_score_correction_bias") : nullptr;
  run(RouteOp{logits, bias, spec.scoring, spec.group_score, spec.experts, spec.experts_per_token, spec.groups,
              spec.groups_per_token, spec.normalize, spec.routed_scale, count, chosen.data(), weights.data()});
  if (recorded_experts_ != nullptr && layer < spec_.layers) {
    recorded_experts_->insert(recorded_experts_->end(), chosen.begin(), chosen.end());
  }
  const Buckets buckets(chosen, spec.experts);

  auto experts = [&](const char* part) -> const std::vector<Weight>& {
    std::vector<Weight>& list = expert_weights_[prefix + part];
    for (int e = static_cast<int>(list.size()); e < spec.experts; ++e) {
      list.push_back(weight(prefix + "experts." + std::to_string(e) + "." + part + ".weight", numerics_.linear));
    }
    return list;
  };
  auto grouped = [&](const float* x, const char* part, bool gather, float* out) {
    run(GroupedLinearOp{x, experts(part).data(), spec.experts, buckets.order.data(), buckets.offsets.data(), slots,
                        spec.experts_per_token, gather, numerics_.linear, out});
  };
  float* gate = expert_in_.floats(static_cast<int64_t>(slots) * spec.width);
  float* up = up_.floats(static_cast<int64_t>(slots) * spec.width);
  float* out = expert_out_.floats(static_cast<int64_t>(slots) * spec_.width);
  grouped(h, "gate_proj", true, gate);
  grouped(h, "up_proj", true, up);
  run(GatedActOp{gate, up, slots, spec.width, gate});
  grouped(gate, "down_proj", false, out);
  run(CombineOp{out, buckets.slot_of.data(), weights.data(), count, spec_.width, spec.experts_per_token, false, y});

  if (spec.shared_width > 0) {
    float* shared = shared_.floats(static_cast<int64_t>(count) * spec_.width);
    dense_mlp(prefix + "shared_experts.", spec.shared_width, count, h, shared);
    run(AddNormOp{y, shared, Weight{}, 0, false, count, spec_.width, nullptr});
  }
}

}  // namespace evalrun

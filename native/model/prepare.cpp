// Model::prepare: converts every weight that a product needs in another format, before the first step.
#include "model/model.h"

namespace evalrun {

void Model::prepare() {
  std::vector<WeightUse> uses;
  const auto use = [&](bool packed) {
    return [&uses, packed](const std::string& name, Precision precision) { uses.push_back({name, precision, packed}); };
  };
  each_weight({use(true), use(false), [&](const std::string& prefix, const std::string& part) {
                 for (int e = 0; e < spec_.moe.experts; ++e) use(true)(expert_name(prefix, e, part), numerics_.linear);
               }});
  weights_->prepare(uses);
  // What the device did not make ready is made now.
  each_weight({[&](const std::string& name, Precision precision) { weights_->matrix(name, precision); },
               [&](const std::string& name, Precision precision) { weights_->product(name, precision); },
               [&](const std::string& prefix, const std::string& part) {
                 weights_->experts(prefix, part, spec_.moe.experts, numerics_.linear);
               }});
}

void Model::each_weight(const WeightVisitor& visit) const {
  const Precision linear = numerics_.linear;
  const auto product = [&](const std::string& name, Precision precision) { visit.matrix(name + ".weight", precision); };
  visit.matrix(head_name(), numerics_.head);
  for (int layer = 0; layer < spec_.layers + spec_.mtp_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    const std::string attention = prefix + "self_attn.";
    if (spec_.latent) {
      if (spec_.mla.q_lora_rank > 0) {
        product(attention + "q_a_proj", linear);
        product(attention + "q_b_proj", linear);
      } else {
        product(attention + "q_proj", linear);
      }
      product(attention + "kv_a_proj_with_mqa", linear);
      // Attention reads its rows one by one.
      visit.product(attention + "kv_b_proj.weight", numerics_.kv_b);
    } else {
      for (const char* part : {"q_proj", "k_proj", "v_proj"}) product(attention + part, linear);
    }
    product(attention + "o_proj", linear);
    if (layer >= spec_.layers) product(prefix + "eh_proj", numerics_.head);
    const bool moe = spec_.layer_is_moe[layer];
    for (const char* part : {"gate_proj", "up_proj", "down_proj"}) {
      if (!moe) product(prefix + "mlp." + part, linear);
      if (moe && spec_.moe.shared_width > 0) product(prefix + "mlp.shared_experts." + part, linear);
      if (moe) visit.experts(prefix + "mlp.", part);
    }
  }
}

}  // namespace evalrun

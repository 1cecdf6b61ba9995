#include "check/shape_model.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

#include "model/mapped_file.h"
#include "ops/numeric.h"

namespace evalrun::check {
namespace {

const std::string kLayers = "model.layers.";

// -1 for a tensor outside of the layers.
int layer_of(const std::string& name) {
  int layer = -1;
  if (name.rfind(kLayers, 0) == 0) std::from_chars(name.data() + kLayers.size(), name.data() + name.size(), layer);
  return layer;
}

int64_t elements_of(const TensorRef& tensor) {
  int64_t elements = 1;
  for (const int64_t size : tensor.shape) elements *= size;
  return elements;
}

int64_t bytes_of(const TensorRef& tensor) {
  int64_t bytes = elements_of(tensor) * element_size(tensor.dtype);
  if (tensor.has_scale) {
    bytes += (tensor.shape[0] + kQuantBlock - 1) / kQuantBlock * ((tensor.shape[1] + kQuantBlock - 1) / kQuantBlock) * element_size(tensor.scale_dtype);
  }
  return bytes;
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void keep_layers(Plan& plan, int layers) {
  ArchSpec& spec = plan.spec;
  if (layers > spec.layers) throw UsageError("the shape " + plan.name + " has " + std::to_string(spec.layers) + " layers");
  if (layers == spec.layers || layers == 0) return;
  if (spec.mtp_layers > 0) throw UsageError("a shape with a multi-token-prediction module keeps all its layers");
  spec.layers = layers;
  spec.layer_is_moe.resize(layers);
  spec.sliding_windows.resize(layers);
  std::vector<TensorRef> kept;
  for (TensorRef& tensor : plan.tensors) {
    if (layer_of(tensor.name) < layers) kept.push_back(std::move(tensor));
  }
  plan.tensors = std::move(kept);
  plan.weight_flops = plan.context_flops = plan.kv_elements = 0;
}

// What a row's keys and values pass through.
bool is_of_keys(const std::string& name) {
  for (const char* part : {".input_layernorm.", ".k_proj.", ".v_proj.", ".k_norm.", ".kv_a_proj_with_mqa.", ".kv_a_layernorm.", ".kv_b_proj."}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

ShapeCounts count_shape(const Plan& plan) {
  const ArchSpec& spec = plan.spec;
  ShapeCounts counts;
  for (const TensorRef& tensor : plan.tensors) {
    const double elements = static_cast<double>(elements_of(tensor));
    counts.weight_bytes += bytes_of(tensor);
    const bool embedding = tensor.name == "model.embed_tokens.weight";
    const bool asked = layer_of(tensor.name) == spec.layers - 1 && !is_of_keys(tensor.name);
    const bool expert = tensor.name.find(".experts.") != std::string::npos;
    if (expert) {
      const double active = elements * spec.moe.experts_per_token / spec.moe.experts;
      counts.active_parameters += active;
      if (asked) counts.asked_parameters += active;
      if (tensor.name.find(".experts.0.") != std::string::npos && layer_of(tensor.name) == spec.layers - 1) counts.expert_bytes += bytes_of(tensor);
    } else if (!embedding || spec.tied_head) {
      counts.active_parameters += elements;
      if (asked) counts.asked_parameters += elements;
      counts.always_bytes += bytes_of(tensor);
    }
  }
  counts.active_parameters = std::round(counts.active_parameters);
  counts.active_without_head = counts.active_parameters - static_cast<double>(spec.vocab) * spec.width;
  const double per_head = spec.latent ? spec.mla.nope_dim + spec.mla.rope_dim + spec.mla.v_dim : 2 * spec.gqa.head_dim;
  counts.context_flops = 2.0 * spec.layers * spec.heads() * per_head;
  counts.kv_elements = static_cast<double>(spec.layers) * (spec.latent ? spec.mla.kv_lora_rank + spec.mla.rope_dim : 2 * spec.gqa.kv_heads * spec.gqa.head_dim);
  return counts;
}

ShapeModel::ShapeModel(Plan plan, int layers, std::shared_ptr<Device> device, const Options& options, int pages) : plan_(std::move(plan)) {
  keep_layers(plan_, layers);
  counts_ = count_shape(plan_);
  if (plan_.weight_flops != 0 && (plan_.weight_flops != 2 * counts_.active_parameters || plan_.context_flops != counts_.context_flops ||
                                  plan_.kv_elements != counts_.kv_elements)) {
    throw PlanError("the plan " + plan_.name + " states other costs than its tensors have: it and this program are of different versions");
  }
  files_ = std::make_unique<RandomFiles>(plan_, options.text("--scratch", std::filesystem::temp_directory_path().string()), threads_of(options));
  const double begin = now();
  model_ = std::make_unique<Model>(std::move(device), plan_.spec, plan_.numerics.begin()->second, plan_.files, plan_.tensors, pages);
  model_->prepare();
  load_seconds_ = now() - begin;
}

double ShapeModel::flops(double count, double start, double rows) const {
  const double head = 2.0 * plan_.spec.width * plan_.spec.vocab;
  // Asked rows stand at the end.
  const double layers = plan_.spec.layers;
  const double attention = counts_.context_flops / layers * ((layers - 1) * count * (start + count / 2) + rows * (start + count));
  return count * 2 * counts_.active_without_head - (count - rows) * 2 * counts_.asked_parameters + attention + rows * head;
}

double ShapeModel::file_read_rate(int threads) const {
  constexpr int64_t kPiece = 4 << 20;
  double bytes = 0, seconds = 0;
  for (const FileRef& ref : plan_.files) {
    const MappedFile file(ref.path, ref.size);
    for (int round = 0; round < 2; ++round) {  // the first maps the pages
      std::atomic<int64_t> next{0};
      std::atomic<uint64_t> sum{0};
      const double begin = now();
      std::vector<std::thread> workers;
      for (int t = 0; t < threads; ++t) {
        workers.emplace_back([&] {
          uint64_t own = 0;
          for (int64_t at = next.fetch_add(kPiece); at < ref.size; at = next.fetch_add(kPiece)) {
            const auto* words = reinterpret_cast<const uint64_t*>(file.data() + at);
            for (int64_t i = 0; i < std::min(kPiece, ref.size - at) / 8; ++i) own += words[i];
          }
          sum += own;
        });
      }
      for (std::thread& worker : workers) worker.join();
      if (round == 0) continue;
      seconds += now() - begin;
      // A sum that nobody reads would not be computed.
      bytes += static_cast<double>(ref.size) + (sum == 1 ? 1 : 0);
    }
  }
  return bytes / seconds;
}

}  // namespace evalrun::check

#include "model/kv_cache.h"

#include "ops/numeric.h"

namespace evalrun {

KvCache::KvCache(Device& device, const ArchSpec& spec, DType dtype, int pages)
    : device_(device), pages_(pages), dtype_(dtype) {
  const int64_t row = element_size(dtype) * kPageTokens;
  key_page_bytes_ = row * (spec.latent ? spec.mla.kv_lora_rank + spec.mla.rope_dim : spec.gqa.kv_heads * spec.gqa.head_dim);
  value_page_bytes_ = spec.latent ? 0 : row * spec.gqa.kv_heads * spec.gqa.head_dim;
  for (int layer = 0; layer < spec.layers + spec.mtp_layers; ++layer) {
    const std::string what = "the KV cache of layer " + std::to_string(layer);
    layers_.push_back({DeviceMemory(device, key_page_bytes_ * pages, what), DeviceMemory(device, value_page_bytes_ * pages, what)});
  }
}

void KvCache::copy_page(int source, int target) {
  for (Layer& layer : layers_) {
    char* keys = static_cast<char*>(layer.keys.data());
    device_.copy(keys + target * key_page_bytes_, keys + source * key_page_bytes_, key_page_bytes_);
    if (value_page_bytes_ == 0) continue;
    char* values = static_cast<char*>(layer.values.data());
    device_.copy(values + target * value_page_bytes_, values + source * value_page_bytes_, value_page_bytes_);
  }
}

int64_t KvCache::bytes() const {
  return static_cast<int64_t>(layers_.size()) * pages_ * (key_page_bytes_ + value_page_bytes_);
}

}  // namespace evalrun

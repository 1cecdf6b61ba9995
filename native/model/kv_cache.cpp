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

void KvCache::copy_pages(const std::vector<int32_t>& pairs) {
  std::vector<CopyRange> ranges;
  const auto add = [&](const DeviceMemory& memory, int32_t source, int32_t target, int64_t bytes) {
    char* pages = static_cast<char*>(memory.data());
    if (bytes > 0) ranges.push_back({pages + source * bytes, pages + target * bytes, bytes});
  };
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    for (const Layer& layer : layers_) {
      add(layer.keys, pairs[i], pairs[i + 1], key_page_bytes_);
      add(layer.values, pairs[i], pairs[i + 1], value_page_bytes_);
    }
  }
  if (!ranges.empty()) device_.copy(ranges);
}

int64_t KvCache::bytes() const {
  return static_cast<int64_t>(layers_.size()) * pages_ * (key_page_bytes_ + value_page_bytes_);
}

}  // namespace evalrun

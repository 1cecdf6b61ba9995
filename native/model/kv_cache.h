// The paged cache of keys and values (dense) or of latents (MLA), one allocation per layer; page layouts are in ops/ops.h
// (CPU) and cuda/kv_layout.h (GPU); both have the same size.
#pragma once
#include <cstdint>
#include <vector>

#include "model/arch_spec.h"
#include "model/device.h"

namespace evalrun {

class KvCache {
 public:
  KvCache(Device& device, const ArchSpec& spec, DType dtype, int pages);

  int pages() const { return pages_; }
  DType dtype() const { return dtype_; }
  // Keys of a dense layer, or the latent rows of an MLA layer.
  void* keys(int layer) const { return layers_[layer].keys.data(); }
  void* values(int layer) const { return layers_[layer].values.data(); }
  // Copies whole pages in every layer: pairs of source and target, one pair after the other.
  void copy_pages(const std::vector<int32_t>& pairs);
  int64_t bytes() const;

 private:
  struct Layer {
    DeviceMemory keys;
    DeviceMemory values;
  };
  Device& device_;
  int pages_;
  DType dtype_;
  int64_t key_page_bytes_;
  int64_t value_page_bytes_;
  std::vector<Layer> layers_;
};

}  // namespace evalrun

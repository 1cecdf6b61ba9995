// Keys and values of cached pages as products read them, made once for all tiles of rows that walk over them.
#pragma once
#include <cstdint>
#include <vector>

#include "cpu/block_kernels.h"
#include "cpu/scratch.h"
#include "cpu/thread_pool.h"

namespace evalrun {

// Kept by a thread between ops: memory is reused.
class ArrangedPages {
 public:
  // Arranges, for all heads, the pages that at least two tiles need whole, as far as there is room. A tile is `tile_rows` pairs of position
  // and query head.
  void make(const AttentionOp& op, const BlockKernels& kernels, ThreadPool& pool);

  // Keys, or values, of a page and kv head; null where they are not there.
  const char* keys(int32_t page, int kv_head) const { return at(page, kv_head, 0); }
  const char* values(int32_t page, int kv_head) const { return at(page, kv_head, key_bytes_); }

 private:
  // The pages' places by page, and how many there are.
  int64_t choose(const AttentionOp& op, const BlockKernels& kernels);
  const char* at(int32_t page, int kv_head, int64_t offset) const {
    if (page >= static_cast<int32_t>(place_.size()) || place_[page] < 0) return nullptr;
    return memory_ + (place_[page] * heads_ + kv_head) * head_bytes_ + offset;
  }

  std::vector<int32_t> place_;  // by page: its place, or -1
  std::vector<int32_t> chosen_;
  Scratch scratch_;
  const char* memory_ = nullptr;
  int64_t heads_ = 0, key_bytes_ = 0, head_bytes_ = 0;
};

}  // namespace evalrun

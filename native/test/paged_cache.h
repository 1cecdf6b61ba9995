// A paged KV cache for attention tests: filled through StoreKvOp's layouts, NaN wherever nothing was stored.
#pragma once
#include <vector>

#include "test/test_data.h"

namespace evalrun::test {

// A sequence's tokens: their cached rows and the pages that hold them.
struct Sequence {
  std::vector<int32_t> pages;
  int length = 0;
};

// Dense: keys [pages, G, D, P] and values [pages, G, P, D]. Latent (heads 0): [pages, P, columns] in `keys`.
class PagedCache {
 public:
  PagedCache(DType dtype, int pages, int heads, int key_columns, int value_columns);

  // Stores one token's key and value; latent: the latent and the rotary key.
  void store(const Sequence& sequence, int position, const float* key, const float* value);

  DType dtype() const { return dtype_; }
  void* keys() const { return keys_.data(); }
  void* values() const { return values_.data(); }

 private:
  DType dtype_;
  int heads_, key_columns_, value_columns_;
  GuardedBytes keys_, values_;
};

// Hands out pages in a scrambled order, so that consecutive blocks are never consecutive in memory.
class PageOrder {
 public:
  PageOrder(Random& random, int pages);
  int32_t next() { return order_[used_++]; }

 private:
  std::vector<int32_t> order_;
  size_t used_ = 0;
};

}  // namespace evalrun::test

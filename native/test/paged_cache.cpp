#include "test/paged_cache.h"

#include "ops/registry.h"
#include "test/test_runner.h"

namespace evalrun::test {

PagedCache::PagedCache(DType dtype, int pages, int heads, int key_columns, int value_columns)
    : dtype_(dtype),
      heads_(heads),
      key_columns_(key_columns),
      value_columns_(value_columns),
      keys_(static_cast<size_t>(pages) * kPageTokens * element_size(dtype) *
            (heads == 0 ? key_columns + value_columns : heads * key_columns)),
      values_(static_cast<size_t>(pages) * kPageTokens * element_size(dtype) * heads * value_columns) {}

void PagedCache::store(const Sequence& sequence, int position, const float* key, const float* value) {
  const int32_t slot = sequence.pages[position / kPageTokens] * kPageTokens + position % kPageTokens;
  const bool latent = heads_ == 0;
  const StoreKvOp op{key,
                     heads_ * key_columns_,
                     value,
                     heads_ * value_columns_,
                     latent,
                     latent ? 1 : heads_,
                     key_columns_,
                     value_columns_,
                     &slot,
                     dtype_,
                     keys(),
                     values(),
                     1};
  Registry<StoreKvOp>::instance().select(op, cpu_features(), true).run(op, pool(1));
}

PageOrder::PageOrder(Random& random, int pages) {
  for (int i = 0; i < pages; ++i) order_.push_back(i);
  for (int i = pages - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
}

}  // namespace evalrun::test

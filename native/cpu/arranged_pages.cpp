#include "cpu/arranged_pages.h"

#include <algorithm>

#include "ops/numeric.h"

namespace evalrun {
namespace {

// Of all heads together: more would only come from memory again.
constexpr int64_t kMostBytes = 32 << 20;

}  // namespace

int64_t ArrangedPages::choose(const AttentionOp& op, const BlockKernels& kernels) {
  const int queries_per_kv = op.heads / op.kv_heads;
  place_.clear();
  chosen_.clear();
  const int64_t most = kMostBytes / (heads_ * head_bytes_);
  // place_ counts tiles first.
  for (int s = 0; s < op.spans.count; ++s) {
    const Span& span = op.spans.device[s];
    const int rows = span.count * queries_per_kv;
    for (int first = 0; first < rows; first += kernels.tile_rows) {
      // Pages whose last key the tile's first row sees.
      const int whole = (span.start_position + first / queries_per_kv + 1) / kPageTokens;
      for (int block = 0; block < whole; ++block) {
        const int32_t page = op.spans.pages[span.first_page + block];
        if (page >= static_cast<int32_t>(place_.size())) place_.resize(page + 1, 0);
        if (++place_[page] == 2) chosen_.push_back(page);
      }
    }
  }
  if (static_cast<int64_t>(chosen_.size()) > most) chosen_.resize(most);
  std::fill(place_.begin(), place_.end(), -1);
  for (size_t i = 0; i < chosen_.size(); ++i) place_[chosen_[i]] = static_cast<int32_t>(i);
  return static_cast<int64_t>(chosen_.size());
}

void ArrangedPages::make(const AttentionOp& op, const BlockKernels& kernels, ThreadPool& pool) {
  place_.clear();
  // A window cuts pages where it begins.
  if (kernels.arrange == nullptr || op.kv_dtype != DType::kBF16 || op.window > 0) return;
  const int dim = op.head_dim;
  heads_ = op.kv_heads;
  key_bytes_ = static_cast<int64_t>(kernels.arranged_bytes(dim, kPageTokens));
  head_bytes_ = key_bytes_ + static_cast<int64_t>(kernels.arranged_bytes(kPageTokens, dim));
  const int64_t pages = choose(op, kernels);
  if (pages == 0) return;
  char* const memory = scratch_.get<char>(pages * heads_ * head_bytes_);
  memory_ = memory;
  const int64_t page_bytes = element_size(op.kv_dtype) * kPageTokens * dim;
  pool.run(pages * heads_, [&](int64_t piece, int) {
    // In the order in which attention goes on: head by head.
    const int64_t head = piece / pages, i = piece % pages;
    const int64_t offset = (chosen_[i] * heads_ + head) * page_bytes;
    char* const out = memory + (i * heads_ + head) * head_bytes_;
    kernels.arrange(static_cast<const char*>(op.k_cache) + offset, kPageTokens, dim, kPageTokens, out);
    kernels.arrange(static_cast<const char*>(op.v_cache) + offset, dim, kPageTokens, dim, out + key_bytes_);
  });
}

}  // namespace evalrun

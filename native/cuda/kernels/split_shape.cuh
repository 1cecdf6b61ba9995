// How attend_split.cuh divides its work: tiles among the warps of a block, pages among blocks.
#pragma once
#include <type_traits>

#include "cuda/kernels/paged.cuh"
#include "cuda/kernels/parts.cuh"

namespace evalrun::cuda {

// With kParts > 1 pages are float32 latents, split into parts (parts.cuh) on their way from shared memory to the matrix instructions.
template <int kQk_, int kV_, bool kLatent_, int kDimParts_, int kKeyParts_, int kRowTiles_, int kParts_ = kOnePart>
struct SplitShape {
  static constexpr int kParts = kParts_;
  using Element = std::conditional_t<kParts == 1, uint16_t, float>;
  static constexpr int kQk = kQk_, kV = kV_;
  static constexpr bool kLatent = kLatent_;  // values are columns [0, kV) of the keys
  static constexpr int kDimParts = kDimParts_, kKeyParts = kKeyParts_, kRowTiles = kRowTiles_;
  static constexpr int kWarps = kDimParts * kKeyParts;
  static constexpr int kRows = kRowTiles * 16;
  static constexpr int kHalf = kPageTokens / 2;
  static constexpr int kKeyPitch = kQk + kRowPadding;
  static_assert(kParts == 1 || kLatent);
  static constexpr int kValuePitch = kLatent ? kKeyPitch : kV + kRowPadding;
  static constexpr int kSlotElements = kHalf * (kKeyPitch + (kLatent ? 0 : kValuePitch));
  static constexpr int kKeySteps = kQk / 16 / kDimParts;          // matrix steps of a warp along q . k
  static constexpr int kKeyTiles = kPageTokens / 8 / kKeyParts;   // key tiles of a warp
  static constexpr int kColumns = kV / kWarps;                    // value columns of a warp
  static constexpr int kScorePitch = kPageTokens + 8;
  static constexpr int kProbabilityPitch = kPageTokens + kRowPadding;
  static constexpr int kPasses = (kRows + 4 * kWarps - 1) / (4 * kWarps);  // of the softmax, 4 rows to a warp
  static_assert(kQk % (16 * kDimParts) == 0 && kKeyTiles % 2 == 0 && kColumns % 16 == 0);

  static constexpr int kSlotBytes = kSlotElements * static_cast<int>(sizeof(Element));
  static constexpr int kScoreBytes = kDimParts * kRows * kScorePitch * 4;
  static constexpr int kProbabilities = kRows * kProbabilityPitch;  // elements of a part
  static constexpr int shared_bytes(int slots) {
    return slots * kSlotBytes + kScoreBytes + kParts * kProbabilities * 2 + kRows * 4;
  }
};

// The pages of one block's units, in order.
template <class S>
struct PageWalk {
  int unit;
  int page = 0, end = 0;  // of the current unit; page == end: no unit is left
  int first_page = 0;
  int item = 0, kv_head = 0, first_row = 0, span_index = 0;
  Span span = {};

  // Moves to `unit`, or to this block's next one that has rows and pages.
  __device__ __forceinline__ void settle(const SplitArguments& a, int units) {
    for (; unit < units; unit += gridDim.x) {
      const int per_item = a.kv_heads * a.row_blocks;
      item = unit / per_item;
      kv_head = unit % per_item / a.row_blocks;
      first_row = unit % a.row_blocks * S::kRows;
      const SplitItem split = a.plan.items[item];
      span_index = split.span;
      span = a.spans[span_index];
      const int pages = (span.start_position + span.count - 1) / kPageTokens + 1;
      const int seen = first_key(span.start_position, a.window) / kPageTokens;
      const int split_pages = static_cast<int>(a.plan.split_pages);
      first_page = split.split * split_pages;
      end = first_page + split_pages < pages ? first_page + split_pages : pages;
      first_page = first_page > seen ? first_page : seen;
      page = first_page;
      if (first_row < span.count * a.group && page < end) return;
    }
    page = end = 0;
  }
  __device__ __forceinline__ bool has_page() const { return page < end; }
  __device__ __forceinline__ void advance(const SplitArguments& a, int units) {
    if (++page < end) return;
    unit += gridDim.x;
    settle(a, units);
  }
};

}  // namespace evalrun::cuda

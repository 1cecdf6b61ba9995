// attend_prompt.cuh in bfloat16 by wgmma: a warpgroup has 64 of a tile's rows, its queries and probabilities stay in registers, and
// keys and values are read where the copies put them. It adds in the same order as mma.sync does: one chain of k16 over a key's
// columns, and one over all keys of an output.
//
// While a page's values are multiplied, the next one's scores are already there to be softened (FlashAttention-3, Shah et al. 2024,
// section 3.2): products of a warpgroup are done in the order of their issue, scores first.
#pragma once
#include "cuda/kernels/prompt_rows.cuh"
#include "cuda/kernels/wgmma.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

// Operands are panels of 64 columns, 64 rows of 128 bytes: keys K-major, values N-major.
constexpr int kPagePanelBytes = kPageTokens * kPanelRowBytes;
static_assert(kPageTokens == kWgmmaRows && kPagePanelBytes % kWgmmaSwizzleBytes == 0);

// Copies a page's head into panels. Rows at or behind `valid` and columns behind `columns` become zeros.
template <int kColumns>
__device__ __forceinline__ void copy_panels(unsigned char* shared, const uint16_t* head, int row_stride, int columns, int valid) {
  const int chunk = threadIdx.x % kChunks, column = chunk * 8;
#pragma unroll 1
  for (int row = threadIdx.x / kChunks; row < kPageTokens; row += blockDim.x / kChunks) {
    const uint16_t* from = head + (row * row_stride + column);
    const int width = row < valid ? columns : 0;
#pragma unroll
    for (int panel = 0; panel < kColumns / 64; ++panel) {
      copy_async_16(shared + panel * kPagePanelBytes + chunk_place(row, chunk), from + panel * 64, column + panel * 64 < width);
    }
  }
}

// A warpgroup's 64 rows.
template <int kQk, int kV>
struct WgmmaRows : PromptSums<kV> {
  using PromptSums<kV>::output;
  using PromptSums<kV>::PromptSums;

  uint32_t queries[kQk / 16][4];
  uint32_t probabilities[kPageTokens / 16][4];

  // q: of this lane's two rows.
  __device__ __forceinline__ void load_queries(const float* const (&q)[2], int columns) {
#pragma unroll
    for (int k = 0; k < kQk / 16; ++k) {
#pragma unroll
      for (int i = 0; i < 4; ++i) queries[k][i] = query_pair(q, k, i, columns);
    }
  }

  // s = the queries times a page's keys, when it has been waited for.
  __device__ __forceinline__ void issue_scores(Scores& s, const unsigned char* keys) {
    const uint64_t descriptor = wgmma_descriptor(keys);
    hold_operands(queries);
    wgmma_fence<kScoreTiles>(s);
#pragma unroll
    for (int k = 0; k < kQk / 16; ++k) {
      const int further = k / kStepsOfPanel * kPagePanelBytes + k % kStepsOfPanel * 2 * kChunkBytes;
      wgmma_bf16_registers<Major::kK>(s, queries[k], descriptor + static_cast<uint64_t>(further >> 4), k > 0);
    }
  }

  // The output += the probabilities times a page's values.
  __device__ __forceinline__ void issue_values(const unsigned char* values) {
    const uint64_t descriptor = wgmma_descriptor_n(values);
    hold_operands(probabilities);
#pragma unroll
    for (int panel = 0; panel < kV / 64; ++panel) wgmma_fence<kAcrossOfRow>(output[panel]);
#pragma unroll
    for (int k = 0; k < kPageTokens / 16; ++k) {
#pragma unroll
      for (int panel = 0; panel < kV / 64; ++panel) {
        const int further = panel * kPagePanelBytes + k * 16 * kPanelRowBytes;
        wgmma_bf16_registers<Major::kN>(output[panel], probabilities[k], descriptor + static_cast<uint64_t>(further >> 4), true);
      }
    }
  }

  __device__ __forceinline__ void wait_for_values() {
#pragma unroll
    for (int panel = 0; panel < kV / 64; ++panel) wgmma_wait<0, kAcrossOfRow>(output[panel]);
  }

  __device__ __forceinline__ void keep_probabilities(const Scores& s) {
#pragma unroll
    for (int k = 0; k < kPageTokens / 16; ++k) pack_probabilities(s, k, probabilities[k]);
  }
};

template <int kQk, int kV>
constexpr int kPromptWgmmaBytes = 2 * (kQk + kV) / 64 * kPagePanelBytes;  // two pages

// Blocks that share a multiprocessor, and hide each other's waits.
template <int kQk>
constexpr int kPromptWgmmaBlocks = kQk <= 64 ? 2 : 1;

template <int kQk, int kV>
__global__ void __launch_bounds__(2 * kWarpgroup, kPromptWgmmaBlocks<kQk>) attend_prompt_wgmma(PromptArguments a) {
  begin_kernel();
  constexpr int kKeyBytes = kQk / 64 * kPagePanelBytes, kValueBytes = kV / 64 * kPagePanelBytes;
  unsigned char* shared = shared_memory();
  const int block_rows = static_cast<int>(blockDim.x) / 2;
  const TileQueries tile(a, a.tiles[blockIdx.y]);
  const int head = blockIdx.x;
  const int length = tile.length();
  const int32_t* pages = a.pages + tile.span.first_page;
  const int block_first = tile.first_page(tile.first, a.window), block_last = tile.last_page(tile.first, block_rows);
  // Pages that rows of this warpgroup see: none where it has no row of its own.
  const int group_row = tile.first + shuffle(static_cast<int>(threadIdx.x) / kWarpgroup, 0) * kWgmmaRows;
  const int group_first = tile.first_page(group_row, a.window);
  const int group_last = group_row < tile.rows ? tile.last_page(group_row, kWgmmaRows) : -1;
  const int warp_row = tile.first + static_cast<int>(threadIdx.x) / 32 * 16;
  const int low = tile.position(warp_row), high = tile.position(warp_row + 15);

  WgmmaRows<kQk, kV> own(tile, warp_row);
  const float* q[2];
  query_rows(a, tile, warp_row, head, q);

  const auto keys_of = [&](int page) { return shared + page % 2 * kKeyBytes; };
  const auto values_of = [&](int page) { return shared + 2 * kKeyBytes + page % 2 * kValueBytes; };
  const auto fetch_keys = [&](int page) {
    if (page > block_last) return;
    copy_panels<kQk>(keys_of(page), a.keys.bf16(pages[page], head), a.keys.row_stride, a.keys.columns, length - page * kPageTokens);
  };
  const auto fetch_values = [&](int page) {
    if (page > block_last) return;
    copy_panels<kV>(values_of(page), a.values.bf16(pages[page], head), a.values.row_stride, a.values.columns, length - page * kPageTokens);
  };
  const auto seen = [&](int page) { return group_first <= page && page <= group_last; };
  float corrections[2];
  const auto soften = [&](int page, Scores& s) {
    const int first = page * kPageTokens;
    if (first + kPageTokens - 1 > low || first < first_key(high, a.window)) own.mask(s, first, a.window);
    own.soften(s, a.scale_log2, corrections);
  };

  fetch_keys(block_first);
  copy_async_commit();
  fetch_values(block_first);
  fetch_keys(block_first + 1);
  copy_async_commit();
  own.load_queries(q, a.keys.columns);
  copy_async_wait<1>();
  fence_proxy_async();
  __syncthreads();
  const auto begin_with = [&](int page) {
    Scores s;
    own.issue_scores(s, keys_of(page));
    wgmma_commit();
    wgmma_wait<0, kScoreTiles>(s);
    soften(page, s);  // nothing has been summed that would have to be rescaled
    own.keep_probabilities(s);
  };
  if (seen(block_first)) begin_with(block_first);
  for (int page = block_first; page <= block_last; ++page) {
    copy_async_wait<0>();
    fence_proxy_async();
    __syncthreads();  // this page's values and the next one's keys are there, and nobody reads this page's keys or the last one's values
    const auto fetch_next = [&] {
      fetch_values(page + 1);
      fetch_keys(page + 2);
      copy_async_commit();
    };
    // A block alone fetches while products run; two have no registers for it.
    constexpr bool kFetchesLate = kPromptWgmmaBlocks<kQk> == 1;
    if (!kFetchesLate || !seen(page)) fetch_next();
    // Each way begins and ends with no products under way: ptxas does one after the other what it can't follow.
    if (!seen(page)) {
      if (seen(page + 1)) begin_with(page + 1);
    } else if (seen(page + 1)) {
      Scores s;
      own.issue_scores(s, keys_of(page + 1));
      wgmma_commit();
      own.issue_values(values_of(page));
      wgmma_commit();
      if (kFetchesLate) fetch_next();
      wgmma_wait<1, kScoreTiles>(s);
      soften(page + 1, s);
      own.wait_for_values();
      own.rescale(corrections);
      own.keep_probabilities(s);
    } else {
      own.issue_values(values_of(page));
      wgmma_commit();
      if (kFetchesLate) fetch_next();
      own.wait_for_values();
    }
  }
  own.template store<true>(a, tile, warp_row, head);
}

}  // namespace evalrun::cuda

// Attention of prompt spans on the matrix units: a block takes a tile of queries of one kv head and walks the pages that they see.
// What a row's numbers are is in prompt_rows.cuh.
//
// With kParts > 1 operands are float32 as parts.cuh splits them: keys and values lie in memory as planes of one part each. The small
// products of a score come before its large ones, and a page's values are summed apart before they join the output, so that the
// chains of large products are short. A page's keys and values then fill shared memory, and one is fetched while the other is used.
#pragma once
#include "cuda/kernels/parts.cuh"
#include "cuda/kernels/prompt_rows.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

// Widths above this keep the queries' first part in shared memory, not in registers.
constexpr int kMaxQueryRegisters = 192;

// One warp's 16 rows and what they have summed.
template <int kQk, int kV, int kParts>
struct PromptRows : PromptSums<kV> {
  using PromptSums<kV>::output;
  using PromptSums<kV>::PromptSums;
  static constexpr bool kHeld = kQk <= kMaxQueryRegisters;
  static constexpr int kTiles = kScoreTiles;
  static constexpr int kKeyPitch = kQk + kRowPadding, kValuePitch = kV + kRowPadding;
  static constexpr int kSharedQueries = (kHeld ? kParts - 1 : kParts) * 16 * kKeyPitch;  // elements, of a warp
  static_assert(kParts == 1 || kHeld);

  uint32_t held[kHeld ? kQk / 16 : 1][4];

  // q: of this lane's two rows.
  __device__ __forceinline__ void load_queries(const float* const (&q)[2], int columns, uint16_t* shared) {
#pragma unroll
    for (int k = 0; k < kQk / 16; ++k) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const uint32_t pair = query_pair(q, k, i, columns);
        if constexpr (kHeld) {
          held[k][i] = pair;
        } else {
          *reinterpret_cast<uint32_t*>(shared + query_row(i) * kKeyPitch + query_column(k, i)) = pair;
        }
      }
    }
    // Not unrolled: all at once, parts and the numbers that are left of q would need more registers than there are.
    if constexpr (kParts > 1) {
#pragma unroll 1
      for (int k = 0; k < kQk / 16; ++k) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int column = query_column(k, i);
          uint32_t parts[kParts] = {};
          if (column < columns) split_pair(q[i % 2][column], q[i % 2][column + 1], parts);
#pragma unroll
          for (int p = 1; p < kParts; ++p) {
            *reinterpret_cast<uint32_t*>(shared + ((p - 1) * 16 + query_row(i)) * kKeyPitch + column) = parts[p];
          }
        }
      }
    }
    if constexpr (kSharedQueries > 0) __syncwarp();
  }

  // s += these keys times parts [kFirst, kEnd) of the queries, the smallest first.
  template <int kFirst, int kEnd>
  __device__ __forceinline__ void add_scores(float (&s)[kTiles][4], const uint16_t* keys, const uint16_t* queries) const {
#pragma unroll
    for (int k = 0; k < kQk / 16; ++k) {
      uint32_t loaded[kParts][4];
#pragma unroll
      for (int p = kHeld ? 1 : 0; p < kParts; ++p) {
        if (p < kFirst || p >= kEnd) continue;
        load_matrix_x4(loaded[p], a_address(queries + (kHeld ? p - 1 : p) * 16 * kKeyPitch, kKeyPitch, k * 16));
      }
#pragma unroll
      for (int t = 0; t < kTiles; t += 2) {
        uint32_t b[4];
        load_matrix_x4(b, key_address(keys + t * 8 * kKeyPitch, kKeyPitch, k * 16));
#pragma unroll
        for (int p = kEnd - 1; p >= kFirst; --p) {
          if (kHeld && p == 0) {
            mma_pair(s[t], s[t + 1], held[k], b);
          } else {
            mma_pair(s[t], s[t + 1], loaded[p], b);
          }
        }
      }
    }
  }

  // The compiler loads operands far ahead, into more registers than there are where many products stand in a row. It loads nothing
  // ahead of this.
  __device__ __forceinline__ static void hold_registers() {
    if constexpr (kParts > 1) __syncwarp();
  }

  // Keys: kParts planes of a page's.
  __device__ __forceinline__ void score(float (&s)[kTiles][4], const uint16_t* keys, const uint16_t* queries) const {
    constexpr int kPlane = kPageTokens * kKeyPitch;
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
#pragma unroll
      for (int i = 0; i < 4; ++i) s[t][i] = 0;
    }
    if constexpr (kParts > 2) add_scores<0, 1>(s, keys + 2 * kPlane, queries);
    if constexpr (kParts > 1) {
      hold_registers();
      add_scores<0, kParts - 1>(s, keys + kPlane, queries);
      hold_registers();
      add_scores<1, kParts>(s, keys, queries);
    }
    hold_registers();
    add_scores<0, 1>(s, keys, queries);
  }

  __device__ __forceinline__ void add_values(const float (&s)[kTiles][4], const uint16_t* values) {
#pragma unroll
    for (int k = 0; k < kTiles / 2; ++k) {
      uint32_t p[4];
      pack_probabilities(s, k, p);
#pragma unroll
      for (int c = 0; c < kV / 8; c += 2) {
        uint32_t b[4];
        load_matrix_x4_transposed(b, value_address(values + k * 16 * kValuePitch, kValuePitch, c * 8));
        mma_pair(output[c / 8][c % 8], output[c / 8][c % 8 + 1], p, b);
      }
    }
  }

  // sums, of kColumnGroup columns from `column` on, += parts [kFirst, kEnd) of the probabilities times these values, the smallest first.
  static constexpr int kColumnGroup = kV > 64 ? 16 : 32;
  template <int kFirst, int kEnd>
  __device__ __forceinline__ void add_products(float (&sums)[kColumnGroup / 8][4], const uint32_t (&p)[kParts][kTiles / 2][4],
                                               const uint16_t* values, int column) const {
#pragma unroll
    for (int k = 0; k < kTiles / 2; ++k) {
#pragma unroll
      for (int c = 0; c < kColumnGroup / 8; c += 2) {
        uint32_t b[4];
        load_matrix_x4_transposed(b, value_address(values + k * 16 * kValuePitch, kValuePitch, column + c * 8));
#pragma unroll
        for (int i = kEnd - 1; i >= kFirst; --i) mma_pair(sums[c], sums[c + 1], p[i][k], b);
      }
    }
  }

  // The same as add_values of float32: values are kParts planes of a page's.
  __device__ __forceinline__ void add_split_values(const float (&s)[kTiles][4], const uint16_t* values) {
    constexpr int kPlane = kPageTokens * kValuePitch;
    uint32_t p[kParts][kTiles / 2][4];
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        uint32_t parts[kParts];
        split_pair(s[t][2 * r], s[t][2 * r + 1], parts);
#pragma unroll
        for (int i = 0; i < kParts; ++i) p[i][t / 2][t % 2 * 2 + r] = parts[i];
      }
    }
#pragma unroll
    for (int column = 0; column < kV; column += kColumnGroup) {
      if constexpr (kV > 64) hold_registers();
      float sums[kColumnGroup / 8][4] = {};
      if constexpr (kParts > 2) add_products<0, 1>(sums, p, values + 2 * kPlane, column);
      add_products<0, kParts - 1>(sums, p, values + kPlane, column);
      add_products<1, kParts>(sums, p, values, column);
      add_products<0, 1>(sums, p, values, column);
#pragma unroll
      for (int c = 0; c < kColumnGroup / 8; ++c) {
#pragma unroll
        for (int i = 0; i < 4; ++i) output[column / 64][column / 8 % 8 + c][i] += sums[c][i];
      }
    }
  }
};

template <int kQk, int kV, int kParts>
constexpr int prompt_shared_bytes(int warps) {
  using Rows = PromptRows<kQk, kV, kParts>;
  const int page = kParts * kPageTokens * (Rows::kKeyPitch + Rows::kValuePitch);
  return 2 * ((kParts == 1 ? 2 : 1) * page + warps * Rows::kSharedQueries);
}

template <int kQk, int kV, int kParts>
__global__ void __launch_bounds__(256, kQk <= 64 && kParts == 1 ? 2 : 1) attend_prompt(PromptArguments a) {
  begin_kernel();
  using Rows = PromptRows<kQk, kV, kParts>;
  constexpr int kKeyElements = kParts * kPageTokens * Rows::kKeyPitch;
  constexpr int kStage = kKeyElements + kParts * kPageTokens * Rows::kValuePitch;
  constexpr int kStages = kParts == 1 ? 2 : 1;
  uint16_t* shared = reinterpret_cast<uint16_t*>(shared_memory());
  const int warp = threadIdx.x / 32, warps = blockDim.x / 32;
  const TileQueries tile(a, a.tiles[blockIdx.y]);
  const int head = blockIdx.x;
  const int length = tile.length();
  const int32_t* pages = a.pages + tile.span.first_page;
  const int block_last = tile.last_page(tile.first, warps * 16), block_first = tile.first_page(tile.first, a.window);
  const int warp_row = tile.first + warp * 16;
  const int low = tile.position(warp_row), high = tile.position(warp_row + 15);

  Rows own(tile, warp_row);
  uint16_t* queries = shared + kStages * kStage + warp * Rows::kSharedQueries;
  const float* q[2];
  query_rows(a, tile, warp_row, head, q);

  const auto fetch_keys = [&](int block) {
    uint16_t* stage = shared + block % kStages * kStage;
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      copy_rows<kPageTokens, kQk>(stage + part * kPageTokens * Rows::kKeyPitch, a.keys.bf16(pages[block], head, part),
                                  a.keys.row_stride, a.keys.columns, 0, length - block * kPageTokens);
    }
  };
  const auto fetch_values = [&](int block) {
    uint16_t* stage = shared + block % kStages * kStage + kKeyElements;
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      copy_rows<kPageTokens, kV>(stage + part * kPageTokens * Rows::kValuePitch, a.values.bf16(pages[block], head, part),
                                 a.values.row_stride, a.values.columns, 0, length - block * kPageTokens);
    }
  };
  fetch_keys(block_first);
  if constexpr (kParts == 1) fetch_values(block_first);
  copy_async_commit();
  own.load_queries(q, a.keys.columns, queries);

  for (int block = block_first; block <= block_last; ++block) {
    copy_async_wait<0>();
    __syncthreads();  // this page, or with parts its keys, are there, and nobody reads the page before
    if constexpr (kParts > 1) {
      fetch_values(block);
    } else if (block < block_last) {
      fetch_keys(block + 1);
      fetch_values(block + 1);
    }
    copy_async_commit();
    const uint16_t* stage = shared + block % kStages * kStage;
    // Pages of the tile that none of this warp's rows sees; pages that some see in part.
    const int first = block * kPageTokens, last = first + kPageTokens - 1;
    const bool seen = first <= high && last >= first_key(low, a.window);
    float s[Rows::kTiles][4];
    if (seen) {
      own.score(s, stage, queries);
      if (last > low || first < first_key(high, a.window)) own.mask(s, first, a.window);
      float corrections[2];
      own.soften(s, a.scale_log2, corrections);
      own.rescale(corrections);
    }
    if constexpr (kParts > 1) {
      copy_async_wait<0>();
      __syncthreads();  // the values are there, and nobody reads the keys
      if (block < block_last) fetch_keys(block + 1);
      copy_async_commit();
    }
    if (!seen) continue;
    if constexpr (kParts > 1) {
      own.add_split_values(s, stage + kKeyElements);
    } else {
      own.add_values(s, stage + kKeyElements);
    }
  }

  // Read again: kept, they would take registers that parts do not leave.
  const TileQueries stored(a, a.tiles[blockIdx.y]);
  own.template store<kParts == kOnePart>(a, stored, stored.first + warp * 16, head);
}

}  // namespace evalrun::cuda

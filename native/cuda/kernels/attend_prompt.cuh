// Attention of prompt spans on the matrix units: a block takes a tile of queries of one kv head and walks the pages that they see,
// as FlashAttention-2 does (Dao 2023, algorithm 1).
//
// The rows of a tile are (query, head of the group) pairs, query by query, 16 to a warp. A row is its own chain of numbers: the
// matrix instruction mixes no rows, scores outside a row's keys add nothing, and each page is one step of the softmax. So where a
// prompt is cut, and which rows share a tile, shows in no bit. (One exception: an infinite or NaN value reaches every row of the
// tile that walks its page, as 0 times it is NaN. Slots behind the span are replaced by zeros.)
//
// With kParts > 1 operands are float32 as parts.cuh splits them: keys and values lie in memory as planes of one part each. The small
// products of a score come before its large ones, and a page's values are summed apart before they join the output, so that the
// chains of large products are short. A page's keys and values then fill shared memory, and one is fetched while the other is used.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/kernels/parts.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

// Widths above this keep the queries' first part in shared memory, not in registers.
constexpr int kMaxQueryRegisters = 192;

// One warp's 16 rows and what they have summed. Accumulators hold, as the matrix instruction does, rows lane / 4 and lane / 4 + 8.
template <int kQk, int kV, int kParts>
struct PromptRows {
  static constexpr bool kHeld = kQk <= kMaxQueryRegisters;
  static constexpr int kTiles = kPageTokens / 8;
  static constexpr int kKeyPitch = kQk + kRowPadding, kValuePitch = kV + kRowPadding;
  static constexpr int kSharedQueries = (kHeld ? kParts - 1 : kParts) * 16 * kKeyPitch;  // elements, of a warp
  static_assert(kParts == 1 || kHeld);

  int position[2];
  uint32_t held[kHeld ? kQk / 16 : 1][4];
  float output[kV / 8][4];
  float maximum[2] = {kMinusInfinity, kMinusInfinity};
  float total[2] = {0, 0};  // of this lane's columns

  // q: of this lane's two rows.
  __device__ __forceinline__ void load_queries(const float* const (&q)[2], int columns, uint16_t* shared) {
#pragma unroll
    for (int k = 0; k < kQk / 16; ++k) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int column = query_column(k, i);
        const uint32_t pair = column < columns ? pack_bf16(q[i % 2][column], q[i % 2][column + 1]) : 0;
        if constexpr (kHeld) {
          held[k][i] = pair;
        } else {
          *reinterpret_cast<uint32_t*>(shared + query_row(i) * kKeyPitch + column) = pair;
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
  // Register i of an A operand.
  __device__ __forceinline__ static int query_row(int i) { return threadIdx.x % 32 / 4 + i % 2 * 8; }
  __device__ __forceinline__ static int query_column(int k, int i) { return k * 16 + i / 2 * 8 + threadIdx.x % 4 * 2; }

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

  __device__ __forceinline__ void mask(float (&s)[kTiles][4], int first_position, int window) const {
    // Relative to this lane's first column of the page.
    const int first = first_position + threadIdx.x % 4 * 2;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int begin = first_key(position[r], window) - first, end = position[r] - first;
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
        if (t * 8 > end) s[t][2 * r] = kMinusInfinity;
        if (t * 8 + 1 > end) s[t][2 * r + 1] = kMinusInfinity;
      }
      if (begin <= 0) continue;
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
        if (t * 8 < begin) s[t][2 * r] = kMinusInfinity;
        if (t * 8 + 1 < begin) s[t][2 * r + 1] = kMinusInfinity;
      }
    }
  }

  // s becomes the probabilities, not yet rounded; the sums so far are rescaled.
  __device__ __forceinline__ void soften(float (&s)[kTiles][4], float scale_log2) {
    float corrections[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float highest = maximum[r];
#pragma unroll
      for (int t = 0; t < kTiles; ++t) highest = fmaxf(highest, fmaxf(s[t][2 * r], s[t][2 * r + 1]));
      highest = fmaxf(highest, shuffle_xor(highest, 1));
      highest = fmaxf(highest, shuffle_xor(highest, 2));
      const float subtracted = finite_maximum(highest) * scale_log2;
      const float correction = rescaling(maximum[r], highest, scale_log2);
      maximum[r] = highest;
      float sum = 0;
#pragma unroll
      for (int t = 0; t < kTiles; ++t) {
        s[t][2 * r] = exponential(s[t][2 * r], subtracted, scale_log2);
        s[t][2 * r + 1] = exponential(s[t][2 * r + 1], subtracted, scale_log2);
        sum += s[t][2 * r];
        sum += s[t][2 * r + 1];
      }
      total[r] = fmaf(total[r], correction, sum);
      corrections[r] = correction;
    }
    // Past the first pages the maxima seldom change, and a product with 1 changes nothing.
    if (ballot(corrections[0] != 1.0f || corrections[1] != 1.0f) == 0) return;
#pragma unroll
    for (int c = 0; c < kV / 8; ++c) {
#pragma unroll
      for (int i = 0; i < 4; ++i) output[c][i] *= corrections[i / 2];
    }
  }

  __device__ __forceinline__ void add_values(const float (&s)[kTiles][4], const uint16_t* values) {
#pragma unroll
    for (int k = 0; k < kTiles / 2; ++k) {
      const uint32_t p[4] = {pack_bf16(s[2 * k][0], s[2 * k][1]), pack_bf16(s[2 * k][2], s[2 * k][3]),
                             pack_bf16(s[2 * k + 1][0], s[2 * k + 1][1]), pack_bf16(s[2 * k + 1][2], s[2 * k + 1][3])};
#pragma unroll
      for (int c = 0; c < kV / 8; c += 2) {
        uint32_t b[4];
        load_matrix_x4_transposed(b, value_address(values + k * 16 * kValuePitch, kValuePitch, c * 8));
        mma_pair(output[c], output[c + 1], p, b);
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
        for (int i = 0; i < 4; ++i) output[column / 8 + c][i] += sums[c][i];
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
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int warps = blockDim.x / 32;
  const PromptTile tile = a.tiles[blockIdx.y];
  const Span span = a.spans[tile.span];
  const int head = blockIdx.x;
  const int rows = span.count * a.group;
  const int length = span.start_position + span.count;
  const int32_t* pages = a.pages + span.first_page;

  const auto position_of = [&](int row) { return span.start_position + (row < rows ? row : rows - 1) / a.group; };
  const int block_last = position_of(tile.first + warps * 16 - 1) / kPageTokens;
  const int block_first = first_key(position_of(tile.first), a.window) / kPageTokens;
  const int warp_row = tile.first + warp * 16;
  const int low = position_of(warp_row), high = position_of(warp_row + 15);

  Rows own;
  uint16_t* queries = shared + kStages * kStage + warp * Rows::kSharedQueries;
  const float* q[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int index = warp_row + lane / 4 + r * 8;
    const int row = index < rows ? index : rows - 1;
    own.position[r] = span.start_position + row / a.group;
    q[r] = a.q + static_cast<int64_t>(span.first_row + row / a.group) * a.q_stride +
               static_cast<int64_t>(head * a.group + row % a.group) * a.keys.columns;
  }
#pragma unroll
  for (int c = 0; c < kV / 8; ++c) {
#pragma unroll
    for (int i = 0; i < 4; ++i) own.output[c][i] = 0;
  }

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
      own.soften(s, a.scale_log2);
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

#pragma unroll
  for (int r = 0; r < 2; ++r) {
    own.total[r] += shuffle_xor(own.total[r], 1);
    own.total[r] += shuffle_xor(own.total[r], 2);
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = warp_row + lane / 4 + r * 8;
    if (row >= rows) continue;
    float* y = a.y + static_cast<int64_t>(span.first_row + row / a.group) * a.y_stride +
               static_cast<int64_t>(head * a.group + row % a.group) * a.values.columns;
#pragma unroll
    for (int c = 0; c < kV / 8; ++c) {
      const int column = c * 8 + lane % 4 * 2;
      if (column >= a.values.columns) continue;
      // + 0 turns -0 into 0, which is what adding masked keys does to it; whether a tile has any is not the row's business.
      y[column] = own.output[c][2 * r] / own.total[r] + 0.0f;
      y[column + 1] = own.output[c][2 * r + 1] / own.total[r] + 0.0f;
    }
  }
}

}  // namespace evalrun::cuda

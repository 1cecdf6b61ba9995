// What the two attention kernels of prompts share (attend_prompt.cuh, attend_prompt_wgmma.cuh): which rows a tile has, and what a lane
// keeps of two of them while it walks the pages, as FlashAttention-2 does (Dao 2023, algorithm 1).
//
// The rows of a tile are (query, head of the group) pairs, query by query, 16 to a warp. A row is its own chain of numbers: the
// matrix instruction mixes no rows, scores outside a row's keys add nothing, and each page is one step of the softmax. So where a
// prompt is cut, and which rows share a tile, shows in no bit. (One exception: an infinite or NaN value reaches every row of the
// tile that walks its page, as 0 times it is NaN. Slots behind the span are replaced by zeros.)
#pragma once
#include "cuda/kernels/paged.cuh"

namespace evalrun::cuda {

// The rows of a block's tile. Rows that the span lacks are its last one again, and are not stored.
struct TileQueries {
  Span span;
  int first;  // row of the span's count * group rows
  int group;
  int rows;   // of the span

  __device__ TileQueries(const PromptArguments& a, const PromptTile& tile)
      : span(a.spans[tile.span]), first(tile.first), group(a.group), rows(span.count * a.group) {}

  __device__ int clamped(int row) const { return row < rows ? row : rows - 1; }
  __device__ int position(int row) const { return span.start_position + clamped(row) / group; }
  __device__ int64_t step_row(int row) const { return span.first_row + row / group; }
  // Keys of the span up to its end.
  __device__ int length() const { return span.start_position + span.count; }
  // Pages that rows [begin, begin + count) see.
  __device__ int first_page(int begin, int window) const { return first_key(position(begin), window) / kPageTokens; }
  __device__ int last_page(int begin, int count) const { return position(begin + count - 1) / kPageTokens; }
};

// Scores and probabilities of 16 rows and a page's keys, or 64 rows' of a warpgroup: a lane has rows lane / 4 and lane / 4 + 8 of its
// warp's, columns 8 t + 2 (lane % 4) and + 1.
constexpr int kScoreTiles = kPageTokens / 8;
using Scores = float[kScoreTiles][4];

// A lane's two rows, and what has been summed of them: output columns as the scores', 64 in each of the first dimension.
template <int kV>
struct PromptSums {
  static_assert(kV % 64 == 0);

  int position[2];
  float output[kV / 64][8][4];
  float maximum[2] = {kMinusInfinity, kMinusInfinity};
  float total[2] = {0, 0};  // of this lane's columns

  __device__ __forceinline__ PromptSums(const TileQueries& tile, int warp_row) {
#pragma unroll
    for (int r = 0; r < 2; ++r) position[r] = tile.position(lane_row(warp_row, r));
#pragma unroll
    for (int c = 0; c < kV / 8; ++c) {
#pragma unroll
      for (int i = 0; i < 4; ++i) output[c / 8][c % 8][i] = 0;
    }
  }

  __device__ __forceinline__ static int lane_row(int warp_row, int r) {
    return warp_row + static_cast<int>(threadIdx.x) % 32 / 4 + r * 8;
  }

  __device__ __forceinline__ void mask(Scores& s, int first_position, int window) const {
    // Relative to this lane's first column of the page.
    const int first = first_position + threadIdx.x % 4 * 2;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int begin = first_key(position[r], window) - first, end = position[r] - first;
#pragma unroll
      for (int t = 0; t < kScoreTiles; ++t) {
        if (t * 8 > end) s[t][2 * r] = kMinusInfinity;
        if (t * 8 + 1 > end) s[t][2 * r + 1] = kMinusInfinity;
      }
      if (begin <= 0) continue;
#pragma unroll
      for (int t = 0; t < kScoreTiles; ++t) {
        if (t * 8 < begin) s[t][2 * r] = kMinusInfinity;
        if (t * 8 + 1 < begin) s[t][2 * r + 1] = kMinusInfinity;
      }
    }
  }

  // s becomes the probabilities, not yet rounded; corrections: what the output so far is to be multiplied by (rescale).
  __device__ __forceinline__ void soften(Scores& s, float scale_log2, float (&corrections)[2]) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float highest = maximum[r];
#pragma unroll
      for (int t = 0; t < kScoreTiles; ++t) highest = fmaxf(highest, fmaxf(s[t][2 * r], s[t][2 * r + 1]));
      highest = fmaxf(highest, shuffle_xor(highest, 1));
      highest = fmaxf(highest, shuffle_xor(highest, 2));
      const float subtracted = finite_maximum(highest) * scale_log2;
      corrections[r] = rescaling(maximum[r], highest, scale_log2);
      maximum[r] = highest;
      float sum = 0;
#pragma unroll
      for (int t = 0; t < kScoreTiles; ++t) {
        s[t][2 * r] = exponential(s[t][2 * r], subtracted, scale_log2);
        s[t][2 * r + 1] = exponential(s[t][2 * r + 1], subtracted, scale_log2);
        sum += s[t][2 * r];
        sum += s[t][2 * r + 1];
      }
      total[r] = fmaf(total[r], corrections[r], sum);
    }
  }

  __device__ __forceinline__ void rescale(const float (&corrections)[2]) {
    // Past the first pages the maxima seldom change, and a product with 1 changes nothing.
    if (ballot(corrections[0] != 1.0f || corrections[1] != 1.0f) == 0) return;
#pragma unroll
    for (int c = 0; c < kV / 8; ++c) {
#pragma unroll
      for (int i = 0; i < 4; ++i) output[c / 8][c % 8][i] *= corrections[i / 2];
    }
  }

  // Writes the rows of kv head `head`. kConvert: the product's operand as well, where there is one.
  template <bool kConvert>
  __device__ __forceinline__ void store(const PromptArguments& a, const TileQueries& tile, int warp_row, int head) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      total[r] += shuffle_xor(total[r], 1);
      total[r] += shuffle_xor(total[r], 2);
    }
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = lane_row(warp_row, r);
      if (row >= tile.rows) continue;
      const AttendedRow y(a.y, tile.step_row(row), static_cast<int64_t>(head * a.group + row % a.group) * a.values.columns);
#pragma unroll
      for (int c = 0; c < kV / 8; ++c) {
        const int column = c * 8 + threadIdx.x % 4 * 2;
        if (column >= a.values.columns) continue;
        y.template store<kConvert>(column, output[c / 8][c % 8][2 * r] / total[r], output[c / 8][c % 8][2 * r + 1] / total[r]);
      }
    }
  }
};

// Where a lane's two rows of queries begin.
__device__ __forceinline__ void query_rows(const PromptArguments& a, const TileQueries& tile, int warp_row, int head, const float* (&q)[2]) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = tile.clamped(warp_row + static_cast<int>(threadIdx.x) % 32 / 4 + r * 8);
    q[r] = a.q + tile.step_row(row) * a.q_stride + static_cast<int64_t>(head * a.group + row % a.group) * a.keys.columns;
  }
}

// Register i of an A operand of 16 columns from k * 16 on: its row of a warp's, and its first column.
__device__ __forceinline__ int query_row(int i) { return threadIdx.x % 32 / 4 + i % 2 * 8; }
__device__ __forceinline__ int query_column(int k, int i) { return k * 16 + i / 2 * 8 + threadIdx.x % 4 * 2; }

// That operand in bfloat16. q: of this lane's two rows.
__device__ __forceinline__ uint32_t query_pair(const float* const (&q)[2], int k, int i, int columns) {
  const int column = query_column(k, i);
  return column < columns ? pack_bf16(q[i % 2][column], q[i % 2][column + 1]) : 0;
}

// Probabilities of 16 keys from 16 * k on, as an A operand.
__device__ __forceinline__ void pack_probabilities(const Scores& s, int k, uint32_t (&p)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) p[i] = pack_bf16(s[2 * k + i / 2][i % 2 * 2], s[2 * k + i / 2][i % 2 * 2 + 1]);
}

}  // namespace evalrun::cuda

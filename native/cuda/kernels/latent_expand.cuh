// Keys and values of Multi-head Latent Attention's expanded form, on the matrix units: for each distinct page of the prompt spans
//   keys[slot, h, key] = [W_uk,h c | k_rope], values[slot, h, key] = W_uv,h c, rounded to bfloat16.
//
// One product [pages * 64, R] . kv_b^T, 128 rows (two pages) by 128 columns to a block.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct ExpandArguments {
  const uint16_t* cache;  // [pages, P, rank + rope_dim]
  int rank, rope_dim;
  const int32_t* page_of_slot;  // [slots]
  int slots;
  const uint16_t* weight;  // the first head's rows of kv_b
  int64_t weight_stride;
  int heads, nope_dim, v_dim;
  uint16_t* keys;    // [slots, heads, P, nope_dim + rope_dim]
  uint16_t* values;  // [slots, heads, P, v_dim]
};

constexpr int kExpandTile = 128;   // rows and columns
constexpr int kExpandDepth = 64;   // of the reduction in a stage
constexpr int kExpandStages = 3;
constexpr int kExpandPitch = kExpandDepth + kRowPadding;
constexpr int kExpandStage = 2 * kExpandTile * kExpandPitch;  // elements
constexpr int kExpandSharedBytes = kExpandStages * kExpandStage * 2;

__global__ void __launch_bounds__(256, 2) expand_latent(ExpandArguments a) {
  constexpr int kPages = kExpandTile / kPageTokens;
  uint16_t* shared = reinterpret_cast<uint16_t*>(shared_memory());
  const int thread = threadIdx.x;
  const int warp = thread / 32, lane = thread % 32;
  const int first_column = blockIdx.x * kExpandTile;
  const int columns = a.heads * (a.nope_dim + a.v_dim);
  const int first_slot = blockIdx.y * kPages;
  const int row_stride = a.rank + a.rope_dim;
  const auto page_of = [&](int p) {
    return a.page_of_slot[first_slot + p < a.slots ? first_slot + p : a.slots - 1] * int64_t{kPageTokens};
  };

  // This thread's eight columns of rows thread / 8, 32 rows on, .. of latents and weights.
  const int row = thread / 8, piece = thread % 8 * 8;
  const uint16_t* latents[kPages];
#pragma unroll
  for (int p = 0; p < kPages; ++p) latents[p] = a.cache + (page_of(p) + row) * row_stride + piece;
  const uint16_t* weights = a.weight + (first_column + row) * a.weight_stride + piece;
  const int weight_step = 32 * static_cast<int>(a.weight_stride);
  const int steps = (a.rank + kExpandDepth - 1) / kExpandDepth;
  const auto fetch = [&](int step) {
    if (step < steps) {
      uint16_t* stage = shared + step % kExpandStages * kExpandStage + row * kExpandPitch + piece;
      const int k = step * kExpandDepth;
      const bool there = k + piece < a.rank;
#pragma unroll
      for (int i = 0; i < kExpandTile / 32; ++i) {
        copy_async_16(stage + i * 32 * kExpandPitch, latents[i / 2] + i % 2 * 32 * row_stride + k, there);
        copy_async_16(stage + (kExpandTile + i * 32) * kExpandPitch, weights + i * weight_step + k,
                      there && first_column + row + i * 32 < columns);
      }
    }
    copy_async_commit();
  };
#pragma unroll
  for (int step = 0; step < kExpandStages - 1; ++step) fetch(step);

  // A warp's part of the tile: 64 rows of 32 columns.
  const int warp_row = warp / 4 * 64, warp_column = warp % 4 * 32;
  float sums[4][4][4] = {};
  for (int step = 0; step < steps; ++step) {
    copy_async_wait<kExpandStages - 2>();
    __syncthreads();
    fetch(step + kExpandStages - 1);
    const uint16_t* left_rows = shared + step % kExpandStages * kExpandStage + warp_row * kExpandPitch;
    const uint16_t* right_rows = shared + step % kExpandStages * kExpandStage + (kExpandTile + warp_column) * kExpandPitch;
#pragma unroll
    for (int k = 0; k < kExpandDepth; k += 16) {
      uint32_t left[4][4];
#pragma unroll
      for (int m = 0; m < 4; ++m) load_matrix_x4(left[m], a_address(left_rows + m * 16 * kExpandPitch, kExpandPitch, k));
#pragma unroll
      for (int n = 0; n < 4; n += 2) {
        uint32_t right[4];
        load_matrix_x4(right, key_address(right_rows + n * 8 * kExpandPitch, kExpandPitch, k));
#pragma unroll
        for (int m = 0; m < 4; ++m) mma_pair(sums[m][n], sums[m][n + 1], left[m], right);
      }
    }
  }
  copy_async_wait<0>();
  __syncthreads();

  // Rounded, through shared memory, in pieces of eight columns; dimensions are multiples of eight, so a piece has one destination.
  constexpr int kPitch = kExpandTile + kRowPadding;
#pragma unroll
  for (int m = 0; m < 4; ++m) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int at = (warp_row + m * 16 + r * 8 + lane / 4) * kPitch + warp_column + n * 8 + lane % 4 * 2;
        *reinterpret_cast<uint32_t*>(shared + at) = pack_bf16(sums[m][n][2 * r], sums[m][n][2 * r + 1]);
      }
    }
  }
  __syncthreads();
  const int key_columns = a.nope_dim + a.rope_dim, head_columns = a.nope_dim + a.v_dim;
  const auto store = [&](uint16_t* base, int row, int head, int width, int column, const uint16_t* from) {
    const int64_t slot = first_slot + row / kPageTokens;
    *reinterpret_cast<uint4*>(base + ((slot * a.heads + head) * kPageTokens + row % kPageTokens) * width + column) =
        *reinterpret_cast<const uint4*>(from);
  };
  const int rows = (a.slots - first_slot < kPages ? a.slots - first_slot : kPages) * kPageTokens;
  for (int i = thread; i < kExpandTile * kExpandTile / 8; i += 256) {
    const int row = i / (kExpandTile / 8), column = i % (kExpandTile / 8) * 8;
    if (row >= rows || first_column + column >= columns) continue;
    const int head = (first_column + column) / head_columns, place = (first_column + column) % head_columns;
    const uint16_t* from = shared + row * kPitch + column;
    if (place < a.nope_dim) {
      store(a.keys, row, head, key_columns, place, from);
    } else {
      store(a.values, row, head, a.v_dim, place - a.nope_dim, from);
    }
  }
  // The rotary key, the same for all heads: each block copies its share of them.
  const int pieces = a.rope_dim / 8;
  for (int head = blockIdx.x; head < a.heads; head += gridDim.x) {
    for (int i = thread; i < rows * pieces; i += 256) {
      const int row = i / pieces, column = i % pieces * 8;
      store(a.keys, row, head, key_columns, a.nope_dim + column,
            a.cache + (page_of(row / kPageTokens) + row % kPageTokens) * row_stride + a.rank + column);
    }
  }
}

}  // namespace evalrun::cuda

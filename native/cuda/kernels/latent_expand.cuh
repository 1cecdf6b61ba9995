// Keys and values of Multi-head Latent Attention's expanded form, on the matrix units: for each distinct page of the prompt spans
//   keys[slot, h, key] = [W_uk,h c | k_rope], values[slot, h, key] = W_uv,h c, rounded to bfloat16.
//
// One product [pages * 64, R] . kv_b^T, 128 rows (two pages) by 128 columns to a block. With kLatentParts > 1 all of it is float32 in
// parts (parts.cuh), but for weights that are bfloat16 (kWeightParts = 1); products of small parts have a sum of their own. With kScaled
// weights are codes of e4m3, which bfloat16 holds, and each block of 128 columns of the reduction is multiplied by its scale when it has
// been summed.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/kernels/parts.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct ExpandArguments {
  PagedRows latents;            // [pages, P, rank + rope_dim]
  int rank, rope_dim;
  const int32_t* page_of_slot;  // [slots]; null where latents are in the order of slots
  int slots;
  const uint16_t* weight;  // the first head's rows of kv_b
  int64_t weight_stride, weight_part_stride;
  const float* scale;  // kScaled: of kv_b's blocks of kQuantBlock rows and columns
  int scale_columns;
  int first_weight_row;  // of `weight` in kv_b
  int heads, nope_dim, v_dim;
  uint16_t* keys;    // [slots, heads, kLatentParts, P, nope_dim + rope_dim]
  uint16_t* values;  // [slots, heads, kLatentParts, P, v_dim]

  // The page of a slot; behind the last slot its page again.
  __device__ int page(int slot) const {
    const int there = slot < slots ? slot : slots - 1;
    return page_of_slot == nullptr ? there : page_of_slot[there];
  }
};

constexpr int kExpandTile = 128;  // rows and columns

// Stores a block's tile of 128 rows and kColumns columns from shared memory, where its rows are kPitch apart and parts one behind the
// other. In pieces of eight columns: dimensions are multiples of eight, so a piece has one destination.
template <int kLatentParts, int kColumns, int kPitch>
__device__ __forceinline__ void store_expanded(const ExpandArguments& a, const uint16_t* shared, int first_slot, int first_column) {
  constexpr int kPages = kExpandTile / kPageTokens, kPlane = kExpandTile * kPitch;
  const int thread = static_cast<int>(threadIdx.x);
  const int columns = a.heads * (a.nope_dim + a.v_dim);
  const int key_columns = a.nope_dim + a.rope_dim, head_columns = a.nope_dim + a.v_dim;
  const auto store = [&](uint16_t* base, int row, int head, int part, int width, int column, const uint16_t* from) {
    const int64_t slot = first_slot + row / kPageTokens;
    const int64_t plane = (slot * a.heads + head) * kLatentParts + part;
    *reinterpret_cast<uint4*>(base + (plane * kPageTokens + row % kPageTokens) * width + column) =
        *reinterpret_cast<const uint4*>(from);
  };
  const int rows = (a.slots - first_slot < kPages ? a.slots - first_slot : kPages) * kPageTokens;
  for (int i = thread; i < kExpandTile * kColumns / 8; i += 256) {
    const int row = i / (kColumns / 8), column = i % (kColumns / 8) * 8;
    if (row >= rows || first_column + column >= columns) continue;
    const int head = (first_column + column) / head_columns, place = (first_column + column) % head_columns;
#pragma unroll
    for (int p = 0; p < kLatentParts; ++p) {
      const uint16_t* from = shared + p * kPlane + row * kPitch + column;
      if (place < a.nope_dim) {
        store(a.keys, row, head, p, key_columns, place, from);
      } else {
        store(a.values, row, head, p, a.v_dim, place - a.nope_dim, from);
      }
    }
  }
  // The rotary key, the same for all heads: each block copies its share of them.
  const int pieces = a.rope_dim / 8;
  for (int head = blockIdx.x; head < a.heads; head += gridDim.x) {
    for (int i = thread; i < rows * pieces; i += 256) {
      const int row = i / pieces, column = i % pieces * 8;
#pragma unroll
      for (int p = 0; p < kLatentParts; ++p) {
        store(a.keys, row, head, p, key_columns, a.nope_dim + column,
              a.latents.bf16(a.page(first_slot + row / kPageTokens), 0, p) + row % kPageTokens * a.latents.row_stride + a.rank + column);
      }
    }
  }
}

template <int kLatentParts, int kWeightParts>
struct ExpandShape {
  static constexpr int kParts = kLatentParts + kWeightParts;
  static constexpr int kDepth = kLatentParts == 1 ? 64 : 32;  // of the reduction in a stage
  static constexpr int kStages = kWeightParts == 1 ? 3 : 2;
  static constexpr int kPitch = kDepth + kRowPadding;
  static constexpr int kPlane = kExpandTile * kPitch;  // elements
  static constexpr int kStage = kParts * kPlane;
  static_assert(kQuantBlock % kDepth == 0);
  static constexpr int kSharedBytes = kStages * kStage * 2;
  // The tile itself goes through the same memory.
  static constexpr int kOutPitch = kExpandTile + kRowPadding;
  static constexpr int kOutPlane = kExpandTile * kOutPitch;
  static_assert(kLatentParts * kOutPlane * 2 <= kSharedBytes && kPageTokens % (256 / (kDepth / 8)) == 0);
};

template <int kLatentParts, int kWeightParts, bool kScaled>
__global__ void __launch_bounds__(256, kLatentParts == 1 ? 2 : 1) expand_latent(ExpandArguments a) {
  begin_kernel();
  using S = ExpandShape<kLatentParts, kWeightParts>;
  constexpr int kPages = kExpandTile / kPageTokens;
  uint16_t* shared = reinterpret_cast<uint16_t*>(shared_memory());
  const int thread = threadIdx.x;
  const int warp = thread / 32, lane = thread % 32;
  const int first_column = blockIdx.x * kExpandTile;
  const int columns = a.heads * (a.nope_dim + a.v_dim);
  const int first_slot = blockIdx.y * kPages;

  // This thread's eight columns of every kRowStep-th row of latents and weights.
  constexpr int kPieces = S::kDepth / 8, kRowStep = 256 / kPieces;
  const int row = thread / kPieces, piece = thread % kPieces * 8;
  const uint16_t* latents[kPages];
#pragma unroll
  for (int p = 0; p < kPages; ++p) latents[p] = a.latents.bf16(a.page(first_slot + p), 0) + row * a.latents.row_stride + piece;
  const uint16_t* weights = a.weight + (first_column + row) * a.weight_stride + piece;
  const int weight_step = kRowStep * static_cast<int>(a.weight_stride);
  const int steps = (a.rank + S::kDepth - 1) / S::kDepth;
  const auto fetch = [&](int step) {
    if (step < steps) {
      uint16_t* stage = shared + step % S::kStages * S::kStage + row * S::kPitch + piece;
      const int k = step * S::kDepth;
      const bool there = k + piece < a.rank;
#pragma unroll
      for (int i = 0; i < kExpandTile / kRowStep; ++i) {
        uint16_t* to = stage + i * kRowStep * S::kPitch;
        const uint16_t* latent = latents[i * kRowStep / kPageTokens] + i * kRowStep % kPageTokens * a.latents.row_stride + k;
#pragma unroll
        for (int p = 0; p < kLatentParts; ++p) copy_async_16(to + p * S::kPlane, latent + p * a.latents.part_stride, there);
#pragma unroll
        for (int p = 0; p < kWeightParts; ++p) {
          copy_async_16(to + (kLatentParts + p) * S::kPlane, weights + i * weight_step + k + p * a.weight_part_stride,
                        there && first_column + row + i * kRowStep < columns);
        }
      }
    }
    copy_async_commit();
  };
#pragma unroll
  for (int step = 0; step < S::kStages - 1; ++step) fetch(step);

  // A warp's part of the tile: 64 rows of 32 columns.
  const int warp_row = warp / 4 * 64, warp_column = warp % 4 * 32;
  float sums[4][4][4] = {};
  float small[kLatentParts > 1 ? 4 : 1][4][4] = {};  // of products with i + j > 0
  float total[kScaled ? 4 : 1][4][4] = {};  // of the blocks before, scaled
  for (int step = 0; step < steps; ++step) {
    copy_async_wait<S::kStages - 2>();
    __syncthreads();
    fetch(step + S::kStages - 1);
    const uint16_t* left_rows = shared + step % S::kStages * S::kStage + warp_row * S::kPitch;
    const uint16_t* right_rows = shared + step % S::kStages * S::kStage + kLatentParts * S::kPlane + warp_column * S::kPitch;
#pragma unroll
    for (int k = 0; k < S::kDepth; k += 16) {
#pragma unroll
      for (int i = kLatentParts - 1; i >= 0; --i) {
        if constexpr (kScaled) __syncwarp();  // operands loaded further ahead would need more registers than there are
        uint32_t left[4][4];
#pragma unroll
        for (int m = 0; m < 4; ++m) {
          load_matrix_x4(left[m], a_address(left_rows + i * S::kPlane + m * 16 * S::kPitch, S::kPitch, k));
        }
#pragma unroll
        for (int j = kWeightParts - 1; j >= 0; --j) {
          if (i + j >= kLatentParts) continue;
#pragma unroll
          for (int n = 0; n < 4; n += 2) {
            uint32_t right[4];
            load_matrix_x4(right, key_address(right_rows + j * S::kPlane + n * 8 * S::kPitch, S::kPitch, k));
#pragma unroll
            for (int m = 0; m < 4; ++m) {
              if (i + j == 0) {
                mma_pair(sums[m][n], sums[m][n + 1], left[m], right);
              } else if constexpr (kLatentParts > 1) {
                mma_pair(small[m][n], small[m][n + 1], left[m], right);
              }
            }
          }
        }
      }
    }
    if constexpr (kScaled) {
      const int done = (step + 1) * S::kDepth;
      if (done % kQuantBlock == 0 || done >= a.rank) {
        const float* scales = a.scale + (done - 1) / kQuantBlock;
#pragma unroll
        for (int n = 0; n < 4; ++n) {
#pragma unroll
          for (int i = 0; i < 2; ++i) {
            const int column = first_column + warp_column + n * 8 + lane % 4 * 2 + i;
            const float scale = column < columns ? scales[(a.first_weight_row + column) / kQuantBlock * a.scale_columns] : 0.0f;
#pragma unroll
            for (int m = 0; m < 4; ++m) {
#pragma unroll
              for (int r = 0; r < 4; r += 2) {
                total[m][n][r + i] = fmaf(sums[m][n][r + i] + small[m][n][r + i], scale, total[m][n][r + i]);
                sums[m][n][r + i] = 0;
                small[m][n][r + i] = 0;
              }
            }
          }
        }
      }
    }
  }
  copy_async_wait<0>();
  __syncthreads();

  // Rounded or split, through shared memory.
#pragma unroll
  for (int m = 0; m < 4; ++m) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        if constexpr (kScaled) {
          sums[m][n][2 * r] = total[m][n][2 * r];
          sums[m][n][2 * r + 1] = total[m][n][2 * r + 1];
        } else if constexpr (kLatentParts > 1) {
          sums[m][n][2 * r] += small[m][n][2 * r];
          sums[m][n][2 * r + 1] += small[m][n][2 * r + 1];
        }
        uint32_t parts[kLatentParts];
        split_pair(sums[m][n][2 * r], sums[m][n][2 * r + 1], parts);
        const int at = (warp_row + m * 16 + r * 8 + lane / 4) * S::kOutPitch + warp_column + n * 8 + lane % 4 * 2;
#pragma unroll
        for (int p = 0; p < kLatentParts; ++p) *reinterpret_cast<uint32_t*>(shared + p * S::kOutPlane + at) = parts[p];
      }
    }
  }
  __syncthreads();
  store_expanded<kLatentParts, kExpandTile, S::kOutPitch>(a, shared, first_slot, first_column);
}

}  // namespace evalrun::cuda

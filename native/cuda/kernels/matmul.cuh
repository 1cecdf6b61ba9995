// y = x . w^T (+ bias), dense or with one weight per expert: a block computes a tile of y.
//
// With experts, tile rows are numbered through the experts in order, each expert's rows cut into tiles of their own.
// The grid has as many as the slots could need; a block finds its expert in the offsets, and leaves if there are fewer.
#pragma once
#include "cuda/kernels/multiply_tile.cuh"

namespace evalrun::cuda {

struct MatmulArguments {
  const unsigned char* a;  // converted activations
  int64_t a_row_bytes;
  const float* a_scale;
  const unsigned char* w;  // expert 0
  int64_t w_row_bytes;
  int64_t w_expert_bytes;
  const float* w_scale;
  int64_t w_scale_expert;  // floats from an expert's scales to the next's
  const float* bias;       // [columns] or null
  float* y;
  int64_t y_stride;
  const unsigned char* up;  // matmul_gated: the up product's weight, in the layout of w
  const float* up_scale;    // and its scales, in the layout of w_scale
  unsigned char* gated;     // matmul_gated: bfloat16 or codes [rows, gated_row_bytes]
  float* gated_scale;       // of the codes, [rows, gated_row_bytes / 128]
  int64_t gated_row_bytes;
  int rows;  // slots, with experts
  int columns;
  int panels;
  int experts;             // 0: dense
  const int32_t* offsets;  // [experts + 1]
  const int32_t* order;    // null: slot j is row j
  int per_token;
  int tile_rows, tile_columns;  // of the grid
  int stored_columns;           // of y at once: 4, 2 or 1, which divides the columns
};

// Neighbouring blocks take this many tile rows before the next tile column, so that blocks that run together share
// operands in the level 2 cache.
constexpr int kRowsOfWalk = 8;

struct TilePlace {
  int row, column;
};

__device__ inline TilePlace tile_of_block(int block, int tile_rows, int tile_columns) {
  const int walk = kRowsOfWalk * tile_columns;
  const int first = block / walk * kRowsOfWalk;
  const int height = min(kRowsOfWalk, tile_rows - first);
  return {first + block % walk % height, block % walk / height};
}

struct ExpertTile {
  int expert;  // -1: no such tile
  int first, end;
};

// The expert and the slots of a tile row. Every warp looks for itself; a lane counts the tiles of several experts in a
// row.
__device__ inline ExpertTile find_expert_tile(const int32_t* offsets, int experts, int tile, int height) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int share = (experts + 31) / 32;
  const int begin = min(lane * share, experts), end = min(begin + share, experts);
  int tiles = 0;
  for (int e = begin; e < end; ++e) tiles += (offsets[e + 1] - offsets[e] + height - 1) / height;
  int before = tiles;  // including this lane's, then without them
#pragma unroll
  for (int delta = 1; delta < 32; delta *= 2) {
    const int left = shuffle_up(before, delta);
    if (lane >= delta) before += left;
  }
  const uint32_t beyond = ballot(before > tile);
  before -= tiles;
  ExpertTile found{-1, 0, 0};
  if (beyond == 0) return found;
  if (before <= tile && tile < before + tiles) {
    for (int e = begin; e < end; ++e) {
      const int first = offsets[e], last = offsets[e + 1];
      const int of_expert = (last - first + height - 1) / height;
      if (tile < before + of_expert) {
        found = {e, first + (tile - before) * height, last};
        break;
      }
      before += of_expert;
    }
  }
  int owner = 0;
  while ((beyond >> owner & 1) == 0) ++owner;
  return {shuffle(found.expert, owner), shuffle(found.first, owner), shuffle(found.end, owner)};
}

// store_tile where four columns can be stored at once. Two lanes share four columns of a group of eight and four of the next: each takes
// the four of one group, so that a store of the warp writes 64 bytes of a row. With 32 it waits as long for half as many.
template <class Shape>
__device__ __forceinline__ void store_fours(const MatmulArguments& in, const TileRows& rows, int first_column, const TileSums<Shape>& sum) {
  const LanePlace<Shape> place;
  const bool odd = threadIdx.x % 2 != 0;
  const int own_column = first_column + place.first_column + (odd ? 6 : 0);
#pragma unroll
  for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = rows.first + place.first_row + i * 16 + half * 8;
#pragma unroll
      for (int j = 0; j < Shape::kAcross; j += 2) {
        const float* low = &sum[i][j][half * 2];
        const float* high = &sum[i][j + 1][half * 2];
        const float first = shuffle_xor(odd ? low[0] : high[0], 1), second = shuffle_xor(odd ? low[1] : high[1], 1);
        float4 four = odd ? make_float4(first, second, high[0], high[1]) : make_float4(low[0], low[1], first, second);
        const int column = own_column + j * 8;
        if (row >= rows.end || column >= in.columns) continue;
        if (in.bias != nullptr) {
          four = make_float4(four.x + in.bias[column], four.y + in.bias[column + 1], four.z + in.bias[column + 2],
                             four.w + in.bias[column + 3]);
        }
        *reinterpret_cast<float4*>(in.y + row * in.y_stride + column) = four;
      }
    }
  }
}

template <class Shape>
__device__ __forceinline__ void store_tile(const MatmulArguments& in, const TileRows& rows, int first_column,
                                           const TileSums<Shape>& sum) {
  if constexpr (Shape::kAcross >= 8) {
    if (in.stored_columns == 4) return store_fours<Shape>(in, rows, first_column, sum);
  }
  const LanePlace<Shape> place;
#pragma unroll
  for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = rows.first + place.first_row + i * 16 + half * 8;
      if (row >= rows.end) continue;
      float* y = in.y + row * in.y_stride;
#pragma unroll
      for (int j = 0; j < Shape::kAcross; ++j) {
        const int column = first_column + place.first_column + j * 8;
        float left = sum[i][j][half * 2], right = sum[i][j][half * 2 + 1];
        if (in.bias != nullptr && column < in.columns) {
          left += in.bias[column];
          if (column + 1 < in.columns) right += in.bias[column + 1];
        }
        if (in.stored_columns > 1 && column < in.columns) {
          *reinterpret_cast<float2*>(y + column) = make_float2(left, right);
        } else {
          if (column < in.columns) y[column] = left;
          if (column + 1 < in.columns) y[column + 1] = right;
        }
      }
    }
  }
}

// What the running block computes.
struct BlockTile {
  TileInput input;
  TileRows rows;
};

// What block `block` of as many as there are tiles computes. False where it has no tile, which then has waited for the last kernel.
// kOutputs: columns of the result that a tile has.
template <class Shape, int kOutputs = Shape::kColumns>
__device__ __forceinline__ bool find_tile(const MatmulArguments& in, int block, BlockTile& tile) {
  let_next_start();
  if (in.experts > 0) wait_for_last();  // for the offsets
  const TilePlace place = tile_of_block(block, in.tile_rows, in.tile_columns);
  tile.rows = {place.row * Shape::kRows, in.rows, in.order, in.per_token};
  int expert = 0;
  if (in.experts > 0) {
    const ExpertTile found = find_expert_tile(in.offsets, in.experts, place.row, Shape::kRows);
    if (found.expert < 0) return false;
    expert = found.expert;
    tile.rows.first = found.first;
    tile.rows.end = found.end;
  }
  const int first_column = place.column * kOutputs;
  tile.input.a = in.a;
  tile.input.a_row_bytes = in.a_row_bytes;
  tile.input.a_scale = in.a_scale;
  tile.input.w = in.w + expert * in.w_expert_bytes + first_column * in.w_row_bytes;
  tile.input.up = in.up + expert * in.w_expert_bytes + first_column * in.w_row_bytes;
  tile.input.w_row_bytes = in.w_row_bytes;
  tile.input.w_rows = in.columns - first_column;
  tile.input.w_scale = in.w_scale + expert * in.w_scale_expert;
  tile.input.up_scale = in.up_scale + expert * in.w_scale_expert;
  tile.input.first_column = first_column;
  tile.input.panels = in.panels;
  return true;
}

template <class Shape, int kOutputs = Shape::kColumns>
__device__ __forceinline__ bool find_tile(const MatmulArguments& in, BlockTile& tile) {
  return find_tile<Shape, kOutputs>(in, static_cast<int>(blockIdx.x), tile);
}

template <Codes kCodes, class Shape>
__device__ __forceinline__ void matmul_block(const MatmulArguments& in, int block) {
  BlockTile tile;
  if (!find_tile<Shape>(in, block, tile)) return;
  TileSums<Shape> sum;
  multiply_tile<kCodes, Shape>(tile.input, tile.rows, shared_memory(), sum);
  store_tile<Shape>(in, tile.rows, tile.input.first_column, sum);
}

template <Codes kCodes, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul(MatmulArguments in) {
  matmul_block<kCodes, Shape>(in, static_cast<int>(blockIdx.x));
}

}  // namespace evalrun::cuda

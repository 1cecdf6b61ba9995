// Queries of Multi-head Latent Attention's absorbed form, on the matrix units: for each decode row and head
//   q' = [W_uk,h^T q_nope | q_rope], rounded to bfloat16.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/kernels/rope.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct AbsorbArguments {
  const float* q;  // [T, heads * (nope + rope)]
  int64_t q_stride;
  const uint16_t* weight;  // kv_b
  int64_t weight_stride;
  int heads, nope_dim, rope_dim, v_dim, rank;
  const DecodeRow* rows;
  int row_count;
  uint16_t* absorbed;  // [row_count, heads, rank + rope]
};

constexpr int kAbsorbColumns = 64;  // of a block, 16 to a warp
constexpr int kAbsorbPitch = kAbsorbColumns + kRowPadding;

// Reductions run over whole matrix steps of 16.
__host__ __device__ constexpr int whole_steps(int columns, int step) { return (columns + step - 1) / step * step; }

constexpr int absorb_shared_bytes(int nope_dim) {
  const int depth = whole_steps(nope_dim, 16);
  return 2 * (16 * (depth + kRowPadding) + depth * kAbsorbPitch);
}

// Which block of a grid [column tile, head, 16 decode rows].
struct AbsorbBlock {
  int tile, head, row_block;
};

// Queries that are turned on the way, whose row is the decode row's. A launch's arguments, without padding.
struct QueryTurn {
  const int32_t* positions;  // null: they are turned already
  const float* cos_sin;
  int64_t interleaved;  // 0 or 1
};

// The rotary part of a row's head by the lanes of a warp.
__device__ __forceinline__ void absorb_rope(const float* q, int rope_dim, const QueryTurn& turn, int row, uint16_t* result) {
  if (turn.positions == nullptr) {
    for (int c = threadIdx.x % 32; c < rope_dim; c += 32) result[c] = to_bf16(q[c]);
    return;
  }
  rotate_by_warp(q, rope_dim, turn.interleaved != 0, turn.cos_sin + static_cast<int64_t>(turn.positions[row]) * rope_dim,
                 [&](int column, float value) { result[column] = to_bf16(value); });
}

// By the 128 threads of a block, which have not waited for the last kernel.
__device__ __forceinline__ void absorb_block(const AbsorbArguments& a, const QueryTurn& turn, AbsorbBlock block) {
  const int depth = whole_steps(a.nope_dim, 16);
  const int pitch = depth + kRowPadding;
  uint16_t* queries = reinterpret_cast<uint16_t*>(shared_memory());
  uint16_t* weights = queries + 16 * pitch;
  const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  const int first_column = block.tile * kAbsorbColumns, head = block.head, first_row = block.row_block * 16;

  const int64_t head_row = static_cast<int64_t>(head) * (a.nope_dim + a.v_dim);
  for (int i = thread; i < depth * (kAbsorbColumns / 8); i += 128) {
    const int row = i / (kAbsorbColumns / 8), column = i % (kAbsorbColumns / 8) * 8;
    copy_async_16(weights + row * kAbsorbPitch + column,
                  a.weight + (head_row + row) * a.weight_stride + first_column + column,
                  row < a.nope_dim && first_column + column < a.rank);
  }
  copy_async_commit();
  wait_for_last();

  const int q_columns = a.nope_dim + a.rope_dim, absorbed_columns = a.rank + a.rope_dim;
  const auto row_of = [&](int i) { return first_row + i < a.row_count ? a.rows[first_row + i].row : -1; };
  const auto query = [&](int i) -> const float* {
    const int row = row_of(i);
    return row < 0 ? nullptr : a.q + row * a.q_stride + static_cast<int64_t>(head) * q_columns;
  };
  const auto result = [&](int i) {
    return a.absorbed + (static_cast<int64_t>(first_row + i) * a.heads + head) * absorbed_columns;
  };
  for (int i = warp; i < 16; i += 4) {
    const float* q = query(i);
    for (int c = lane; c < depth; c += 32) queries[i * pitch + c] = q == nullptr || c >= a.nope_dim ? 0 : to_bf16(q[c]);
    if (block.tile == 0 && q != nullptr) absorb_rope(q + a.nope_dim, a.rope_dim, turn, row_of(i), result(i) + a.rank);
  }
  copy_async_wait<0>();
  __syncthreads();

  float sums[2][4] = {};
  for (int k = 0; k < depth; k += 16) {
    uint32_t left[4], right[4];
    load_matrix_x4(left, a_address(queries, pitch, k));
    load_matrix_x4_transposed(right, value_address(weights + k * kAbsorbPitch, kAbsorbPitch, warp * 16));
    mma_pair(sums[0], sums[1], left, right);
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int i = lane / 4 + r * 8;
    if (query(i) == nullptr) continue;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int column = first_column + warp * 16 + n * 8 + lane % 4 * 2;
      if (column < a.rank) *reinterpret_cast<uint32_t*>(result(i) + column) = pack_bf16(sums[n][2 * r], sums[n][2 * r + 1]);
    }
  }
}

__global__ void __launch_bounds__(128) absorb_queries(AbsorbArguments a) {
  let_next_start();
  absorb_block(a, QueryTurn{}, {static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.z)});
}

}  // namespace evalrun::cuda

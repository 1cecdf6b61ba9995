// The end of Multi-head Latent Attention's absorbed form, on the matrix units: a decode row's splits are combined into its
// sum of p c, rounded to bfloat16, and y = W_uv,h (sum p c).
#pragma once
#include "cuda/kernels/combine_row.cuh"
#include "cuda/kernels/latent_absorb.cuh"

namespace evalrun::cuda {

struct ProjectArguments {
  SplitResults splits;     // columns = rank, at most 512
  const uint16_t* weight;   // kv_b
  int64_t weight_stride;
  int nope_dim, v_dim;
  int row_count;
  AttendedRows y;
};

constexpr int kProjectColumns = 64;  // of a block, 8 to a warp

constexpr int project_shared_bytes(int rank) {
  return 2 * (16 + kProjectColumns) * (whole_steps(rank, 32) + kRowPadding);
}

// Block (column tile, head, 16 decode rows).
__global__ void __launch_bounds__(256, 3) project_latent(ProjectArguments a) {
  let_next_start();
  const int rank = a.splits.columns;
  const int depth = whole_steps(rank, 32);
  const int pitch = depth + kRowPadding;
  uint16_t* latents = reinterpret_cast<uint16_t*>(shared_memory());
  uint16_t* weights = latents + 16 * pitch;
  const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  const int first_column = blockIdx.x * kProjectColumns, head = blockIdx.y, first_row = blockIdx.z * 16;

  const int64_t value_row = static_cast<int64_t>(head) * (a.nope_dim + a.v_dim) + a.nope_dim;
  for (int i = thread; i < kProjectColumns * (depth / 8); i += 256) {
    const int row = i / (depth / 8), column = i % (depth / 8) * 8;
    copy_async_16(weights + row * pitch + column, a.weight + (value_row + first_column + row) * a.weight_stride + column,
                  first_column + row < a.v_dim && column < rank);
  }
  copy_async_commit();
  wait_for_last();

  const auto entry_of = [&](int i) {
    return first_row + i < a.row_count ? a.splits.plan.rows[first_row + i] : DecodeRow{-1, 0};
  };
  for (int i = warp; i < 16; i += 8) {
    const DecodeRow entry = entry_of(i);
    RowSplits splits = {};
    splits.last = -1;
    if (entry.row >= 0) splits = row_splits(a.splits, entry, head);
    float4 sum[4];
    combine_row(splits, rank, a.splits.scale_log2, sum);
#pragma unroll
    for (int g = 0; g < 4; ++g) {
      const int column = g * 128 + lane * 4;
      if (column >= depth) continue;
      uint2 rounded = make_uint2(0, 0);
      if (entry.row >= 0 && column < rank) {
        rounded = make_uint2(pack_bf16(sum[g].x, sum[g].y), pack_bf16(sum[g].z, sum[g].w));
      }
      *reinterpret_cast<uint2*>(latents + i * pitch + column) = rounded;
    }
  }
  copy_async_wait<0>();
  __syncthreads();

  float sums[4] = {};
  for (int k = 0; k < depth; k += 32) {
    uint32_t right[4];
    load_matrix_x4(right, weights + (warp * 8 + lane % 8) * pitch + k + lane / 8 * 8);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      uint32_t left[4];
      load_matrix_x4(left, a_address(latents, pitch, k + half * 16));
      const uint32_t b[2] = {right[half * 2], right[half * 2 + 1]};
      mma_bf16(sums, left, b);
    }
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const DecodeRow entry = entry_of(lane / 4 + r * 8);
    const int column = first_column + warp * 8 + lane % 4 * 2;
    if (entry.row < 0 || column >= a.v_dim) continue;
    AttendedRow(a.y, entry.row, static_cast<int64_t>(head) * a.v_dim).store(column, sums[2 * r], sums[2 * r + 1]);
  }
}

}  // namespace evalrun::cuda

// The end of decode spans: each row's splits combined, of dense attention into y.
#pragma once
#include "cuda/kernels/combine_row.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

// A warp to each (row, head); up to kGroups * 128 columns. Rows of y are those of the step, or with kDecodeRows only the decode rows.
template <int kGroups, bool kDecodeRows>
__global__ void __launch_bounds__(128) combine_splits(SplitResults a, AttendedRows y) {
  begin_kernel();
  const int lane = threadIdx.x % 32;
  const int head = blockIdx.y * 4 + threadIdx.x / 32;
  const DecodeRow entry = a.plan.rows[blockIdx.x];
  if (entry.row < 0 || head >= a.heads) return;
  float4 result[kGroups];
  combine_row(row_splits(a, entry, head), a.columns, a.scale_log2, result);
  const int64_t row = kDecodeRows ? static_cast<int64_t>(blockIdx.x) : entry.row;
  const AttendedRow to(y, row, static_cast<int64_t>(head) * a.columns);
  // Widths are multiples of eight (takes_splits), so a lane's four columns are all there or none.
#pragma unroll
  for (int g = 0; g < kGroups; ++g) {
    const int column = g * 128 + lane * 4;
    if (column >= a.columns) continue;
    to.store(column, result[g].x, result[g].y);
    to.store(column + 2, result[g].z, result[g].w);
  }
}

}  // namespace evalrun::cuda

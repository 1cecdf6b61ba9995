// x += combine(experts), and its norm: combine.cuh's sums in registers of norm.cuh's teams, to the bits of both in a row.
#pragma once
#include "cuda/kernels/combine.cuh"
#include "cuda/kernels/norm.cuh"

namespace evalrun::cuda {

// What registers hold beside a row. (Rows of 1,024 threads leave none.)
template <int kHeld>
constexpr int kCombinedInFlight = kHeld <= 2 ? 8 : 2;
constexpr int kCombinedColumns = 8192;

template <int kTeam, int kHeld>
__global__ void __launch_bounds__(kNormBlock<kTeam>) combine_norm_kernel(NormArguments a, CombineArguments c) {
  let_next_start();
  prefetch_vector(a.weight, a.weight_type, a.columns);
  wait_for_last();
  const int member = threadIdx.x % kTeam;
  const int64_t row = row_of_team<kTeam>();
  if (row >= a.rows) return;  // a whole warp, or nobody
  const int columns = static_cast<int>(a.columns);
  float* x = a.sum + row * a.x_stride;

  float4 held[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int column = (i * kTeam + member) * kGroup, left = columns - column;
    held[i] = make_float4(0, 0, 0, 0);
    if (left <= 0) continue;
    const float4 before = load_group<true>(x + column, left);
    const float4 more = combined_group<true, kCombinedInFlight<kHeld>>(c, row, columns, column);
    held[i] = make_float4(before.x + more.x, before.y + more.y, before.z + more.z, before.w + more.w);
    store_group<true>(x + column, left, held[i]);
  }
  norm_row<kTeam, kHeld, true>(a, row, member, held);
}

}  // namespace evalrun::cuda

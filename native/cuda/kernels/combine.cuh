// Each row is the weighted sum of its experts' rows, in the order k = 0 .. K-1, and then what is shared.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct CombineArguments {
  const float* x;
  const int32_t* slot_of;
  const float* weights;
  const float* plus;  // or null
  int64_t per_token;
};

constexpr int kCombineThreads = 128;

// Four columns of a row. kInFlight: experts' rows read before the first is needed.
template <bool kWide, int kInFlight = 8>
__device__ __forceinline__ float4 combined_group(const CombineArguments& a, int64_t row, int columns, int column) {
  const int left = columns - column, per_token = static_cast<int>(a.per_token);
  const int64_t pairs = row * per_token;
  // Asked for with the first rows.
  const float4 more = a.plus == nullptr ? make_float4(0, 0, 0, 0) : load_constant_group<kWide>(a.plus + row * columns + column, left);
  float4 sum = make_float4(0, 0, 0, 0);
  for (int first = 0; first < per_token; first += kInFlight) {
    float4 rows[kInFlight];
    float factors[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (first + i >= per_token) continue;
      const int64_t slot = __ldg(a.slot_of + pairs + first + i);
      factors[i] = __ldg(a.weights + pairs + first + i);
      rows[i] = load_constant_group<kWide>(a.x + slot * columns + column, left);
    }
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (first + i >= per_token) continue;
      sum.x = fmaf(factors[i], rows[i].x, sum.x);
      sum.y = fmaf(factors[i], rows[i].y, sum.y);
      sum.z = fmaf(factors[i], rows[i].z, sum.z);
      sum.w = fmaf(factors[i], rows[i].w, sum.w);
    }
  }
  if (a.plus != nullptr) sum = make_float4(sum.x + more.x, sum.y + more.y, sum.z + more.z, sum.w + more.w);
  return sum;
}

template <bool kWide>
__global__ void __launch_bounds__(kCombineThreads) combine_kernel(CombineArguments a, int columns, float* y) {
  begin_kernel();
  const int column = (blockIdx.y * kCombineThreads + threadIdx.x) * kGroup;
  const int left = columns - column;
  if (left <= 0) return;
  const int64_t row = blockIdx.x;
  store_group<kWide>(y + row * columns + column, left, combined_group<kWide>(a, row, columns, column));
}

}  // namespace evalrun::cuda

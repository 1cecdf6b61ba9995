// CombineOp: each row is the weighted sum of its experts' rows, in the order k = 0 .. K-1, and then what is shared.
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kInFlight = 8;  // experts' rows read before the first is needed

template <bool kWide>
__global__ void __launch_bounds__(kThreads) combine_kernel(const float* x, const int32_t* slot_of, const float* weights,
                                                            int columns, int per_token, const float* plus, float* y) {
  begin_kernel();
  const int column = (blockIdx.y * kThreads + threadIdx.x) * kGroup;
  const int left = columns - column;
  if (left <= 0) return;
  const int64_t pairs = static_cast<int64_t>(blockIdx.x) * per_token;
  const int64_t place = static_cast<int64_t>(blockIdx.x) * columns + column;
  // Asked for with the first rows.
  const float4 more = plus == nullptr ? make_float4(0, 0, 0, 0) : load_constant_group<kWide>(plus + place, left);
  float4 sum = make_float4(0, 0, 0, 0);
  for (int first = 0; first < per_token; first += kInFlight) {
    float4 rows[kInFlight];
    float factors[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (first + i >= per_token) continue;
      const int64_t slot = __ldg(slot_of + pairs + first + i);
      factors[i] = __ldg(weights + pairs + first + i);
      rows[i] = load_constant_group<kWide>(x + slot * columns + column, left);
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
  if (plus != nullptr) sum = make_float4(sum.x + more.x, sum.y + more.y, sum.z + more.z, sum.w + more.w);
  store_group<kWide>(y + place, left, sum);
}

}  // namespace

const char* run(Context& ctx, const CombineOp& op) {
  const bool wide = wide_rows(op.x, op.columns, op.columns) && wide_rows(op.plus, op.columns, op.columns) &&
                    wide_rows(op.y, op.columns, op.columns);
  const dim3 grid(op.rows, static_cast<unsigned>(ceil_div(op.columns, kThreads * kGroup)));
  launch(ctx, "combine", wide ? combine_kernel<true> : combine_kernel<false>, grid, dim3(kThreads), 0, op.x, op.slot_of,
         op.weights, op.columns, op.experts_per_token, op.plus, op.y);
  return "simt";
}

}  // namespace evalrun::cuda

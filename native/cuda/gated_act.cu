// GatedActOp: y = silu(gate) * up.
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kHeld = 2;  // groups of a thread

// The matrices as one row of `count` values.
template <bool kWide>
__global__ void __launch_bounds__(kThreads) gated_act_kernel(const float* gate, const float* up, float* y, int64_t count) {
  begin_kernel();
  const int64_t begin = (static_cast<int64_t>(blockIdx.x) * kHeld * kThreads + threadIdx.x) * kGroup;
  float4 g[kHeld], u[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int64_t at = begin + i * kThreads * kGroup;
    if (at >= count) continue;
    const int left = static_cast<int>(min(count - at, static_cast<int64_t>(kGroup)));
    g[i] = load_group<kWide>(gate + at, left);
    u[i] = load_constant_group<kWide>(up + at, left);
  }
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int64_t at = begin + i * kThreads * kGroup;
    if (at >= count) continue;
    const int left = static_cast<int>(min(count - at, static_cast<int64_t>(kGroup)));
    store_group<kWide>(y + at, left,
                       make_float4(gated(g[i].x, u[i].x), gated(g[i].y, u[i].y), gated(g[i].z, u[i].z), gated(g[i].w, u[i].w)));
  }
}

}  // namespace

const char* run(Context& ctx, const GatedActOp& op) {
  const int64_t count = static_cast<int64_t>(op.rows) * op.columns;
  const bool wide = wide_rows(op.gate, count, count) && wide_rows(op.up, count, count) && wide_rows(op.y, count, count);
  const dim3 grid(static_cast<unsigned>(ceil_div(count, kThreads * kHeld * kGroup)));
  launch(ctx, "gated_act", wide ? gated_act_kernel<true> : gated_act_kernel<false>, grid, dim3(kThreads), 0, op.gate, op.up,
         op.y, count);
  return "simt";
}

}  // namespace evalrun::cuda

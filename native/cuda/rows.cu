// TakeRowsOp: y[i, :] = x[rows[i], :].
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

constexpr int kThreads = 128;

template <bool kWide>
__global__ void __launch_bounds__(kThreads) take_rows_kernel(const float* x, int columns, const int32_t* rows, float* y) {
  const int column = (blockIdx.y * kThreads + threadIdx.x) * kGroup;
  const int left = columns - column;
  if (left <= 0) return;
  const int64_t source = rows[blockIdx.x];
  const float4 group = load_constant_group<kWide>(x + source * columns + column, left);
  store_group<kWide>(y + static_cast<int64_t>(blockIdx.x) * columns + column, left, group);
}

}  // namespace

const char* run(Context& ctx, const TakeRowsOp& op) {
  const bool wide = wide_rows(op.x, op.columns, op.columns) && wide_rows(op.y, op.columns, op.columns);
  const dim3 grid(op.count, static_cast<unsigned>(ceil_div(op.columns, kThreads * kGroup)));
  launch(ctx, "take_rows", wide ? take_rows_kernel<true> : take_rows_kernel<false>, grid, dim3(kThreads), 0, op.x, op.columns,
         op.rows, op.y);
  return "simt";
}

}  // namespace evalrun::cuda

// RopeOp.
#include "cuda/kernels/rope.cuh"
#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const RopeOp& op) {
  const int half = op.rope_dim / 2;
  const bool wide = wide_rows(op.x + op.offset, op.x_stride, op.head_stride) && wide_rows(op.cos_sin, op.rope_dim, half);
  const int steps = wide ? half / 4 : half;
  const int64_t items = static_cast<int64_t>(op.rows) * op.heads * steps;
  const RopeArguments arguments{op.x,        op.x_stride, op.positions,   op.cos_sin, op.rows,        op.heads, op.head_stride,
                                op.offset,   op.rope_dim, op.interleaved, steps,      op.heads * steps};
  const auto kernel = wide ? rope_kernel<true> : rope_kernel<false>;
  launch(ctx, "rope", kernel, dim3(static_cast<unsigned>(ceil_div(items, kRopeThreads))), dim3(kRopeThreads), 0, arguments);
  return "simt";
}

}  // namespace evalrun::cuda

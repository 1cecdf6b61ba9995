// RopeOp.
#include "cuda/rope.h"

#include "cuda/ops.h"

namespace evalrun::cuda {

bool rotates_wide(const RopeOp& op) {
  return wide_rows(op.x + op.offset, op.x_stride, op.head_stride) && wide_rows(op.cos_sin, op.rope_dim, op.rope_dim / 2);
}

RopeArguments rope_arguments(const RopeOp& op, bool wide) {
  const int steps = wide ? op.rope_dim / 2 / 4 : op.rope_dim / 2;
  return {op.x,        op.x_stride, op.positions,   op.cos_sin, op.rows,        op.heads, op.head_stride,
          op.offset,   op.rope_dim, op.interleaved, steps,      op.heads * steps};
}

const char* run(Context& ctx, const RopeOp& op) {
  const bool wide = rotates_wide(op);
  const RopeArguments arguments = rope_arguments(op, wide);
  const auto kernel = wide ? rope_kernel<true> : rope_kernel<false>;
  launch(ctx, "rope", kernel, dim3(static_cast<unsigned>(ceil_div(rope_items(arguments), kRopeThreads))), dim3(kRopeThreads), 0, arguments);
  return "simt";
}

}  // namespace evalrun::cuda

// CombineOp.
#include "cuda/combine.h"

#include "cuda/ops.h"

namespace evalrun::cuda {

CombineArguments combine_arguments(const CombineOp& op) { return {op.x, op.slot_of, op.weights, op.plus, op.experts_per_token}; }

bool combines_wide(const CombineOp& op) {
  return wide_rows(op.x, op.columns, op.columns) && wide_rows(op.plus, op.columns, op.columns);
}

const char* run(Context& ctx, const CombineOp& op) {
  const bool wide = combines_wide(op) && wide_rows(op.y, op.columns, op.columns);
  const dim3 grid(op.rows, static_cast<unsigned>(ceil_div(op.columns, kCombineThreads * kGroup)));
  launch(ctx, "combine", wide ? combine_kernel<true> : combine_kernel<false>, grid, dim3(kCombineThreads), 0, combine_arguments(op),
         op.columns, op.y);
  return "simt";
}

}  // namespace evalrun::cuda

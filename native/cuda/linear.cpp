// LinearOp: bf16 and FP8 on the matrix units, f32 on the ordinary ones.
#include "cuda/linear_f32.h"
#include "cuda/matmul.h"
#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const LinearOp& op) {
  if (op.precision == Precision::kF32) return run_f32(ctx, op);
  if (op.rows == 0) return kind_of_products(ctx, op.precision);
  Matmul matmul;
  matmul.x = operand_for(ctx, op.x, op.x_stride, op.rows, op.weight, op.precision);
  matmul.weight = op.weight;
  matmul.bias = op.bias;
  matmul.y = op.y;
  matmul.y_stride = op.y_stride;
  matmul.rows = op.rows;
  run_matmul(ctx, matmul, choose_tile(op.precision, op.rows, 0, op.weight.rows, ctx.multiprocessors, ctx.wgmma));
  return kind_of_products(ctx, op.precision);
}

}  // namespace evalrun::cuda

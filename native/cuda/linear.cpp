// LinearOp, alone or side by side with others: bf16 and FP8 on the matrix units, f32 on the ordinary ones.
#include "cuda/linear_f32.h"
#include "cuda/matmul.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {

Matmul dense_matmul(Context& ctx, const LinearOp& op) {
  Matmul matmul;
  matmul.x = operand_for(ctx, op.x, op.x_stride, op.rows, op.weight, op.precision);
  matmul.weight = op.weight;
  matmul.bias = op.bias;
  matmul.y = op.y;
  matmul.y_stride = op.y_stride;
  matmul.rows = op.rows;
  return matmul;
}

const char* run(Context& ctx, const LinearOp& op) {
  if (op.precision == Precision::kF32) return run_f32(ctx, op);
  if (op.rows == 0) return kind_of_products(ctx, op.precision);
  run_matmul(ctx, dense_matmul(ctx, op), choose_tile(op.precision, op.rows, 0, op.weight.rows, ctx.multiprocessors, ctx.wgmma));
  return kind_of_products(ctx, op.precision);
}

const char* run_fused(Context& ctx, const LinearsOp& op) {
  const LinearOp& first = op.products[0];
  if (op.count < 2 || first.precision == Precision::kF32 || first.rows == 0) return nullptr;
  int64_t columns = 0;
  for (int i = 0; i < op.count; ++i) {
    const LinearOp& product = op.products[i];
    if (product.precision != first.precision || product.rows != first.rows) return nullptr;
    columns += product.weight.rows;
  }
  const MatmulTile tile = choose_tile(first.precision, first.rows, 0, columns, ctx.multiprocessors, ctx.wgmma);
  if (!can_join(tile, first.precision, ctx.wgmma)) return nullptr;
  std::vector<Matmul> products;
  for (int i = 0; i < op.count; ++i) {
    for (const Range& range : outputs_of(op.products[i])) ctx.operands.invalidate(range.begin, range.bytes);
  }
  for (int i = 0; i < op.count; ++i) products.push_back(dense_matmul(ctx, op.products[i]));
  run_joined(ctx, products, tile);
  return kind_of_products(ctx, first.precision);
}

}  // namespace evalrun::cuda

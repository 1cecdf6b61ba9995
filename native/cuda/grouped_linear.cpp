// GroupedLinearOp: bf16 and FP8 on the matrix units, f32 on the ordinary ones.
#include <stdexcept>

#include "cuda/linear_f32.h"
#include "cuda/matmul.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {

Matmul grouped_matmul(Context& ctx, const GroupedLinearOp& op) {
  const Weight& first = op.weights[0];
  // Gathered, x has one row for each token, and the slots are all its pairs with an expert.
  const int rows_of_x = op.gather ? op.slots / op.experts_per_token : op.slots;
  Matmul matmul;
  matmul.x = operand_for(ctx, op.x, first.columns, rows_of_x, first, op.precision);
  matmul.weight = first;
  matmul.y = op.y;
  matmul.y_stride = first.rows;
  matmul.rows = op.slots;
  matmul.experts = op.experts;
  if (op.experts > 1) {
    // Copies to shared memory are of 16 bytes; operand_for has seen to the first expert's.
    if ((static_cast<const char*>(op.weights[1].data) - static_cast<const char*>(first.data)) % 16 != 0) {
      throw std::invalid_argument("matmul: the experts' weights are not a multiple of 16 bytes apart");
    }
    matmul.weight_step = static_cast<const char*>(op.weights[1].data) - static_cast<const char*>(first.data);
    matmul.scale_step = first.scale == nullptr ? 0 : op.weights[1].scale - first.scale;
  }
  matmul.offsets = op.offsets;
  matmul.order = op.gather ? op.order : nullptr;
  matmul.per_token = op.experts_per_token;
  return matmul;
}

void run_grouped(Context& ctx, const GroupedLinearOp& op, MatmulTile tile) { run_matmul(ctx, grouped_matmul(ctx, op), tile); }

const char* run(Context& ctx, const GroupedLinearOp& op) {
  if (op.precision == Precision::kF32) return run_f32(ctx, op);
  if (op.slots == 0) return kind_of_products(ctx, op.precision);
  run_grouped(ctx, op, choose_tile(op.precision, op.slots, op.experts, op.weights[0].rows, ctx.multiprocessors, ctx.wgmma));
  return kind_of_products(ctx, op.precision);
}

const char* run_fused(Context& ctx, const MoeLinearOp& op) {
  const GroupedLinearOp& routed = op.routed;
  const LinearOp& shared = op.shared;
  if (routed.precision == Precision::kF32 || shared.precision != routed.precision || routed.slots == 0 || shared.rows == 0) return nullptr;
  // Most of the work is the experts'.
  const MatmulTile tile = choose_tile(routed.precision, routed.slots, routed.experts, routed.weights[0].rows, ctx.multiprocessors, ctx.wgmma);
  if (!can_join(tile, routed.precision, ctx.wgmma)) return nullptr;
  for (const Ranges& ranges : {outputs_of(routed), outputs_of(shared)}) {
    for (const Range& range : ranges) ctx.operands.invalidate(range.begin, range.bytes);
  }
  run_joined(ctx, {grouped_matmul(ctx, routed), dense_matmul(ctx, shared)}, tile);
  return kind_of_products(ctx, routed.precision);
}

}  // namespace evalrun::cuda

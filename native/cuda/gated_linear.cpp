// GatedLinearOp, GroupedGatedLinearOp and both side by side, in one kernel where they can be.
#include "cuda/matmul.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

// Rows of y as the operand of the next product: what was converted from them before is out of date, and they themselves stay unwritten.
Operand result_of(Context& ctx, float* y, int rows, int64_t columns) {
  const Range written = rows_of(y, rows, columns, columns);
  ctx.operands.invalidate(written.begin, written.bytes);
  return ctx.operands.add({y, columns, rows, columns, Precision::kBF16}, ctx.step, ctx.step_memory);
}

bool same_layout(const Weight& gate, const Weight& up) {
  return gate.dtype == up.dtype && gate.rows == up.rows && gate.columns == up.columns && gate.row_stride() == up.row_stride() &&
         reinterpret_cast<uintptr_t>(up.data) % 16 == 0;
}

int64_t distance(const Weight* weights) {
  return static_cast<const char*>(weights[1].data) - static_cast<const char*>(weights[0].data);
}

MatmulTile tile_for(const Context& ctx, int rows, int experts, const Weight& gate) {
  return choose_tile(Precision::kBF16, rows, experts, 2 * gate.rows, ctx.multiprocessors, ctx.wgmma);
}

bool is_fused(const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  return gate.precision == Precision::kBF16 && gate.bias == nullptr && op.up.bias == nullptr && gate.rows > 0 &&
         same_layout(gate.weight, op.up.weight) && gate.y_stride == gate.weight.rows;
}

bool is_fused(const GroupedGatedLinearOp& op) {
  const GroupedLinearOp& gate = op.gate;
  return gate.precision == Precision::kBF16 && gate.slots > 0 && same_layout(gate.weights[0], op.up.weights[0]) &&
         (gate.experts == 1 || distance(gate.weights) == distance(op.up.weights));
}

GatedMatmul gated_matmul(Context& ctx, const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  return {dense_matmul(ctx, gate), op.up.weight, result_of(ctx, gate.y, gate.rows, gate.weight.rows)};
}

GatedMatmul gated_matmul(Context& ctx, const GroupedGatedLinearOp& op) {
  const GroupedLinearOp& gate = op.gate;
  return {grouped_matmul(ctx, gate), op.up.weights[0], result_of(ctx, gate.y, gate.slots, gate.weights[0].rows)};
}

MatmulTile tile_for(const Context& ctx, const GroupedLinearOp& gate) { return tile_for(ctx, gate.slots, gate.experts, gate.weights[0]); }

}  // namespace

const char* run_fused(Context& ctx, const GatedLinearOp& op) {
  if (!is_fused(op)) return nullptr;
  run_gated(ctx, op, tile_for(ctx, op.gate.rows, 0, op.gate.weight));
  return kind_of_products(ctx, op.gate.precision);
}

void run_gated(Context& ctx, const GatedLinearOp& op, MatmulTile tile) { run_matmul_gated(ctx, gated_matmul(ctx, op), tile); }

const char* run_fused(Context& ctx, const GroupedGatedLinearOp& op) {
  if (!is_fused(op)) return nullptr;
  run_gated(ctx, op, tile_for(ctx, op.gate));
  return kind_of_products(ctx, op.gate.precision);
}

void run_gated(Context& ctx, const GroupedGatedLinearOp& op, MatmulTile tile) { run_matmul_gated(ctx, gated_matmul(ctx, op), tile); }

const char* run_fused(Context& ctx, const MoeGatedOp& op) {
  if (!is_fused(op.routed) || !is_fused(op.shared)) return nullptr;
  // Most of the work is the experts'.
  const MatmulTile tile = tile_for(ctx, op.routed.gate);
  if (!can_join(tile, Precision::kBF16, ctx.wgmma)) return nullptr;
  run_joined_gated(ctx, {gated_matmul(ctx, op.routed), gated_matmul(ctx, op.shared)}, tile);
  return kind_of_products(ctx, Precision::kBF16);
}

}  // namespace evalrun::cuda

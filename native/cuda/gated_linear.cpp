// GatedLinearOp and GroupedGatedLinearOp in one kernel, where they can be.
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

}  // namespace

const char* run_fused(Context& ctx, const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  if (gate.precision != Precision::kBF16 || gate.bias != nullptr || op.up.bias != nullptr || gate.rows == 0) return nullptr;
  if (!same_layout(gate.weight, op.up.weight) || gate.y_stride != gate.weight.rows) return nullptr;
  run_gated(ctx, op, tile_for(ctx, gate.rows, 0, gate.weight));
  return kind_of_products(ctx, gate.precision);
}

void run_gated(Context& ctx, const GatedLinearOp& op, MatmulTile tile) {
  const LinearOp& gate = op.gate;
  Matmul matmul;
  matmul.x = operand_for(ctx, gate.x, gate.x_stride, gate.rows, gate.weight, gate.precision);
  matmul.weight = gate.weight;
  matmul.rows = gate.rows;
  run_matmul_gated(ctx, matmul, op.up.weight, result_of(ctx, gate.y, gate.rows, gate.weight.rows), tile);
}

const char* run_fused(Context& ctx, const GroupedGatedLinearOp& op) {
  const GroupedLinearOp& gate = op.gate;
  if (gate.precision != Precision::kBF16 || gate.slots == 0) return nullptr;
  if (!same_layout(gate.weights[0], op.up.weights[0])) return nullptr;
  if (gate.experts > 1 && distance(gate.weights) != distance(op.up.weights)) return nullptr;
  run_gated(ctx, op, tile_for(ctx, gate.slots, gate.experts, gate.weights[0]));
  return kind_of_products(ctx, gate.precision);
}

void run_gated(Context& ctx, const GroupedGatedLinearOp& op, MatmulTile tile) {
  const Matmul matmul = grouped_matmul(ctx, op.gate);
  run_matmul_gated(ctx, matmul, op.up.weights[0], result_of(ctx, op.gate.y, op.gate.slots, op.gate.weights[0].rows), tile);
}

}  // namespace evalrun::cuda

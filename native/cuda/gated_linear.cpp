// GatedLinearOp, GroupedGatedLinearOp and both side by side, in as few kernels as they can be.
#include "cuda/gated_operand.h"
#include "cuda/matmul.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

// Rows of y as the operand of the next product: what was converted from them before is out of date, and they themselves stay unwritten.
Operand result_of(Context& ctx, float* y, int rows, int64_t columns, Precision precision) {
  const Range written = rows_of(y, rows, columns, columns);
  ctx.operands.invalidate(written.begin, written.bytes);
  return ctx.operands.add({y, columns, rows, columns, precision}, ctx.step, ctx.step_memory);
}

bool same_layout(const Weight& gate, const Weight& up) {
  return gate.dtype == up.dtype && gate.rows == up.rows && gate.columns == up.columns && gate.row_stride() == up.row_stride() &&
         reinterpret_cast<uintptr_t>(up.data) % 16 == 0;
}

int64_t distance(const Weight* weights) { return static_cast<const char*>(weights[1].data) - static_cast<const char*>(weights[0].data); }

MatmulTile tile_for(const Context& ctx, Precision precision, int rows, int experts, const Weight& gate) {
  return choose_tile(precision, rows, experts, 2 * gate.rows, ctx.multiprocessors, ctx.wgmma);
}
MatmulTile tile_for(const Context& ctx, const LinearOp& gate) { return tile_for(ctx, gate.precision, gate.rows, 0, gate.weight); }
MatmulTile tile_for(const Context& ctx, const GroupedLinearOp& gate) {
  return tile_for(ctx, gate.precision, gate.slots, gate.experts, gate.weights[0]);
}

// Whether both products can be one kernel: where their weights lie alike.
bool lie_alike(const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  return gate.bias == nullptr && op.up.bias == nullptr && gate.rows > 0 && same_layout(gate.weight, op.up.weight) &&
         gate.y_stride == gate.weight.rows;
}

bool lie_alike(const GroupedGatedLinearOp& op) {
  const Weight *gates = op.gate.weights, *ups = op.up.weights;
  return op.gate.slots > 0 && same_layout(gates[0], ups[0]) &&
         (op.gate.experts == 1 || (distance(gates) == distance(ups) &&
                                   (gates[0].scale == nullptr || gates[1].scale - gates[0].scale == ups[1].scale - ups[0].scale)));
}

template <class Op>
bool is_one_product(const Op& op) {
  return op.gate.precision == Precision::kBF16 && lie_alike(op);
}

GatedMatmul gated_matmul(Context& ctx, const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  return {dense_matmul(ctx, gate), op.up.weight, result_of(ctx, gate.y, gate.rows, gate.weight.rows, gate.precision)};
}

GatedMatmul gated_matmul(Context& ctx, const GroupedGatedLinearOp& op) {
  const GroupedLinearOp& gate = op.gate;
  return {grouped_matmul(ctx, gate), op.up.weights[0], result_of(ctx, gate.y, gate.slots, gate.weights[0].rows, gate.precision)};
}

// In FP8: two products, and the operand of the next one made of both; one product where wgmma has a tile that leaves codes.
bool leaves_codes(const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  return gate.precision == Precision::kFP8 && gate.rows > 0 && gate.y_stride == gate.weight.rows && op.up.y_stride == gate.weight.rows;
}
bool leaves_codes(const GroupedGatedLinearOp& op) { return op.gate.precision == Precision::kFP8 && op.gate.slots > 0; }

struct CodedProducts {
  Matmul gate, up;
  GatedOperand operand;
};

CodedProducts coded_products(Context& ctx, const GatedLinearOp& op) {
  const LinearOp& gate = op.gate;
  const Matmul first = dense_matmul(ctx, gate), second = dense_matmul(ctx, op.up);
  for (const Range& range : outputs_of(op.up)) ctx.operands.invalidate(range.begin, range.bytes);
  return {first, second, {gate.y, op.up.y, result_of(ctx, gate.y, gate.rows, gate.weight.rows, Precision::kFP8)}};
}

CodedProducts coded_products(Context& ctx, const GroupedGatedLinearOp& op) {
  const GroupedLinearOp& gate = op.gate;
  const Matmul first = grouped_matmul(ctx, gate), second = grouped_matmul(ctx, op.up);
  for (const Range& range : outputs_of(op.up)) ctx.operands.invalidate(range.begin, range.bytes);
  return {first, second, {gate.y, op.up.y, result_of(ctx, gate.y, gate.slots, gate.weights[0].rows, Precision::kFP8)}};
}

// `tile`: of both products in one launch, where it can be.
const char* run_coded(Context& ctx, const CodedProducts& products, MatmulTile tile) {
  if (can_join(tile, Precision::kFP8, ctx.wgmma)) {
    run_joined(ctx, {products.gate, products.up}, tile);
  } else {
    for (const Matmul& matmul : {products.gate, products.up}) {
      run_matmul(ctx, matmul,
                 choose_tile(Precision::kFP8, matmul.rows, matmul.experts, matmul.weight.rows, ctx.multiprocessors, ctx.wgmma));
    }
  }
  run_gated_operands(ctx, {products.operand});
  return kind_of_products(ctx, Precision::kFP8);
}

template <class Op>
const char* run_either(Context& ctx, const Op& op) {
  const bool coded = leaves_codes(op);
  if (!coded && !is_one_product(op)) return nullptr;
  const MatmulTile tile = tile_for(ctx, op.gate);
  if (coded && !(leaves_codes_of_gated(tile, ctx.wgmma) && lie_alike(op))) return run_coded(ctx, coded_products(ctx, op), tile);
  run_gated(ctx, op, tile);
  return kind_of_products(ctx, op.gate.precision);
}

}  // namespace

const char* run_fused(Context& ctx, const GatedLinearOp& op) { return run_either(ctx, op); }
const char* run_fused(Context& ctx, const GroupedGatedLinearOp& op) { return run_either(ctx, op); }

void run_gated(Context& ctx, const GatedLinearOp& op, MatmulTile tile) { run_matmul_gated(ctx, gated_matmul(ctx, op), tile); }
void run_gated(Context& ctx, const GroupedGatedLinearOp& op, MatmulTile tile) { run_matmul_gated(ctx, gated_matmul(ctx, op), tile); }

const char* run_fused(Context& ctx, const MoeGatedOp& op) {
  const Precision precision = op.routed.gate.precision;
  const bool coded = leaves_codes(op.routed) && leaves_codes(op.shared);
  if (!coded && !(is_one_product(op.routed) && is_one_product(op.shared))) return nullptr;
  // Most of the work is the experts'.
  const MatmulTile tile = tile_for(ctx, op.routed.gate);
  if (!can_join(tile, precision, ctx.wgmma)) return nullptr;
  if (!coded) {
    run_joined_gated(ctx, {gated_matmul(ctx, op.routed), gated_matmul(ctx, op.shared)}, tile);
    return kind_of_products(ctx, precision);
  }
  // Side by side they cannot have the same memory to work in.
  GatedLinearOp shared = op.shared;
  shared.up.y = ctx.scratch.take<float>(int64_t{shared.up.rows} * shared.up.y_stride, "the shared experts' up product");
  const CodedProducts routed = coded_products(ctx, op.routed), of_all = coded_products(ctx, shared);
  run_joined(ctx, {routed.gate, routed.up, of_all.gate, of_all.up}, tile);
  run_gated_operands(ctx, {routed.operand, of_all.operand});
  return kind_of_products(ctx, precision);
}

}  // namespace evalrun::cuda

// RmsNormOp and AddNormOp.
#include <stdexcept>

#include "cuda/kernels/norm.cuh"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

template <int kTeam, int kHeld>
void launch_team(Context& ctx, const NormArguments& a, bool wide) {
  const auto kernel = wide ? norm_kernel<kTeam, kHeld, true> : norm_kernel<kTeam, kHeld, false>;
  constexpr int kBlock = kTeam < 128 ? 128 : kTeam;
  const dim3 grid(static_cast<unsigned>(ceil_div(a.rows, kBlock / kTeam)));
  launch(ctx, "norm", kernel, grid, dim3(kBlock), kTeam / kWarp * static_cast<int>(sizeof(float)), a);
}

// A product has converted rows of y before and will again: the norm has them at hand. Whole groups of columns, so that there is no padding.
void convert_as_well(Context& ctx, NormArguments& a) {
  if (a.weight == nullptr || a.rows == 0 || a.columns % kQuantBlock != 0) return;
  const std::optional<Precision> wanted = ctx.operands.wanted(a.y, a.y_stride, a.columns);
  if (!wanted.has_value()) return;
  const Operand& operand = ctx.operands.add({a.y, a.y_stride, a.rows, a.columns, *wanted}, ctx.step, ctx.step_memory);
  a.precision = static_cast<int>(*wanted);
  a.groups = static_cast<int>(operand.scale_columns);
  a.values = static_cast<uint8_t*>(operand.values);
  a.row_bytes = operand.row_bytes;
  a.scales = operand.scales;
}

// The widths of heads and latents go to warps, those of models to blocks; which, depends on the width alone.
const char* run_norm(Context& ctx, NormArguments a) {
  const bool wide = wide_rows(a.x, a.x_stride, a.columns) && wide_rows(a.delta, a.x_stride, a.columns) &&
                    wide_rows(a.weight == nullptr ? nullptr : a.y, a.y_stride, a.columns);
  if (a.weight != nullptr && (a.weight_type == static_cast<int>(DType::kF8E4M3) || !aligned_16(a.weight))) {
    throw std::invalid_argument("norm: the weight must be float32, bfloat16 or float16 and 16-byte aligned");
  }
  if (wide) convert_as_well(ctx, a);
  const int64_t groups = ceil_div(a.columns, kGroup);
  if (groups <= 32) launch_team<32, 1>(ctx, a, wide);
  else if (groups <= 128) launch_team<32, 4>(ctx, a, wide);
  else if (groups <= 512) launch_team<256, 2>(ctx, a, wide);
  else if (groups <= 1024) launch_team<256, 4>(ctx, a, wide);
  else if (groups <= 2048) launch_team<256, 8>(ctx, a, wide);
  else if (groups <= 8192) launch_team<1024, 8>(ctx, a, wide);
  else throw std::invalid_argument("norm: rows of " + std::to_string(a.columns) + " columns; at most 32768 are supported");
  return "simt";
}

}  // namespace

const char* run(Context& ctx, const RmsNormOp& op) {
  return run_norm(ctx, {op.x, op.x_stride, nullptr, nullptr, op.weight.data, op.y, op.y_stride, op.columns, op.rows, op.eps,
                        op.round_normalized, static_cast<int>(op.weight.dtype)});
}

const char* run(Context& ctx, const AddNormOp& op) {
  return run_norm(ctx, {op.x, op.columns, op.delta, op.x, op.weight.data, op.y, op.columns, op.columns, op.rows, op.eps,
                        op.round_normalized, static_cast<int>(op.weight.dtype)});
}

}  // namespace evalrun::cuda

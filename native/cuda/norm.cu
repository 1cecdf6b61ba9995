// RmsNormOp, AddNormOp and CombineNormOp.
#include <stdexcept>

#include "cuda/combine.h"
#include "cuda/kernels/combine_norm.cuh"
#include "cuda/norm.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

template <int kTeam_, int kHeld_>
struct Team {
  static constexpr int kTeam = kTeam_, kHeld = kHeld_, kBlock = kNormBlock<kTeam_>;
};

// The widths of heads and latents go to warps, those of models to blocks; which, depends on the width alone.
template <class With>
void with_team(int64_t columns, const With& with) {
  const int64_t groups = ceil_div(columns, kGroup);
  if (groups <= 32) return with(Team<32, 1>());
  if (columns <= kWarpNormColumns) return with(Team<32, 4>());
  if (groups <= 512) return with(Team<256, 2>());
  if (groups <= 1024) return with(Team<256, 4>());
  if (groups <= 2048) return with(Team<256, 8>());
  if (groups <= 8192) return with(Team<1024, 8>());
  throw std::invalid_argument("norm: rows of " + std::to_string(columns) + " columns; at most 32768 are supported");
}

template <class T, class Kernel, class... More>
void launch_team(Context& ctx, const char* name, Kernel kernel, const NormArguments& a, const More&... more) {
  const dim3 grid(static_cast<unsigned>(ceil_div(a.rows, T::kBlock / T::kTeam)));
  launch(ctx, name, kernel, grid, dim3(T::kBlock), T::kTeam / kWarp * static_cast<int>(sizeof(float)), a, more...);
}

const char* run_norm(Context& ctx, NormArguments a) {
  const bool wide = norms_wide(a);
  if (wide) convert_as_well(ctx, a);
  with_team(a.columns, [&](auto team) {
    using T = decltype(team);
    launch_team<T>(ctx, "norm", wide ? norm_kernel<T::kTeam, T::kHeld, true> : norm_kernel<T::kTeam, T::kHeld, false>, a);
  });
  return "simt";
}

}  // namespace

NormArguments norm_arguments(const AddNormOp& op) {
  return {op.x, op.columns, op.delta, op.x, op.weight.data, op.y, op.columns, op.columns, op.rows, op.eps, op.round_normalized,
          static_cast<int>(op.weight.dtype)};
}

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

bool norms_wide(const NormArguments& a) {
  if (a.weight != nullptr && (a.weight_type == static_cast<int>(DType::kF8E4M3) || !aligned_16(a.weight))) {
    throw std::invalid_argument("norm: the weight must be float32, bfloat16 or float16 and 16-byte aligned");
  }
  return wide_rows(a.x, a.x_stride, a.columns) && wide_rows(a.delta, a.x_stride, a.columns) &&
         wide_rows(a.weight == nullptr ? nullptr : a.y, a.y_stride, a.columns);
}

const char* run(Context& ctx, const RmsNormOp& op) {
  return run_norm(ctx, {op.x, op.x_stride, nullptr, nullptr, op.weight.data, op.y, op.y_stride, op.columns, op.rows, op.eps,
                        op.round_normalized, static_cast<int>(op.weight.dtype)});
}

const char* run(Context& ctx, const AddNormOp& op) {
  return run_norm(ctx, norm_arguments(op));
}

const char* run_fused(Context& ctx, const CombineNormOp& op) {
  if (op.norm.delta != op.combine.y || op.norm.rows != op.combine.rows || op.norm.columns != op.combine.columns) {
    throw std::invalid_argument("combine_norm: what is combined is not what is added");
  }
  NormArguments a = norm_arguments(op.norm);
  if (!norms_wide(a) || !combines_wide(op.combine) || a.columns > kCombinedColumns) return nullptr;
  a.delta = nullptr;
  for (const Range& range : outputs_of(op.norm)) ctx.operands.invalidate(range.begin, range.bytes);
  convert_as_well(ctx, a);
  with_team(a.columns, [&](auto team) {
    using T = decltype(team);
    if constexpr (T::kTeam <= 256) {
      launch_team<T>(ctx, "combine_norm", combine_norm_kernel<T::kTeam, T::kHeld>, a, combine_arguments(op.combine));
    }
  });
  return "simt";
}

}  // namespace evalrun::cuda

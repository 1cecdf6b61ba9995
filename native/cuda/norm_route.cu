// NormRouteOp in one kernel, where a step has few rows.
#include "cuda/kernels/norm_route.cuh"

#include <stdexcept>

#include "cuda/attend.h"
#include "cuda/f32_product.h"
#include "cuda/norm.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"
#include "cuda/route.h"

namespace evalrun::cuda {
namespace {

void check_op(const NormRouteOp& op) {
  const LinearOp& router = op.router;
  const RouteOp& route = op.routing.route;
  check_sorting(op.routing);
  if (router.x == op.norm.y && router.x_stride == op.norm.columns && router.rows == op.norm.rows &&
      router.weight.columns == op.norm.columns && route.logits == router.y && route.rows == router.rows &&
      route.experts == router.weight.rows && router.y_stride == route.experts) {
    return;
  }
  throw std::invalid_argument("norm_route: a norm, the router of its rows and the choice by its logits were expected");
}

template <DType kType>
void launch_type(Context& ctx, const NormArguments& a, const F32Product& router, const NormRouteOp& op) {
  const RouteArguments route = route_arguments(op.routing.route);
  const auto kernel = route.experts <= 64 ? norm_route<kType, 2> : norm_route<kType, 8>;
  launch(ctx, "norm_route", kernel, dim3(static_cast<unsigned>(ceil_div(router.outputs, kSkinnyOutputs))), dim3(kNormRouteThreads),
         norm_route_shared_bytes(a.rows, static_cast<int>(a.columns)), a, router, route, bucket_results(op.routing.bucket), ctx.done.get());
}

}  // namespace

const char* run_fused(Context& ctx, const NormRouteOp& op) {
  check_op(op);
  NormArguments a = norm_arguments(op.norm);
  const F32Product router = f32_product(op.router);
  const DType dtype = op.router.weight.dtype;
  const bool takes_router = op.router.precision == Precision::kF32 && (dtype == DType::kF32 || dtype == DType::kBF16) &&
                            aligned_16(router.weight) && router.weight_stride % kGroup == 0;
  const bool takes_norm = a.weight != nullptr && a.columns <= kNormRouteColumns && norms_wide(a);
  if (a.rows == 0 || a.rows > kNormRouteRows || !takes_router || !takes_norm || router.outputs > 256 ||
      norm_route_shared_bytes(a.rows, static_cast<int>(a.columns)) > max_shared_bytes(ctx) ||
      route_and_bucket_bytes(op.routing.route) > kSkinnyShared) {
    return nullptr;
  }
  for (const Ranges& ranges : {outputs_of(op.norm), outputs_of(op.router), outputs_of(op.routing.route)}) {
    for (const Range& range : ranges) ctx.operands.invalidate(range.begin, range.bytes);
  }
  convert_as_well(ctx, a);
  if (dtype == DType::kF32) launch_type<DType::kF32>(ctx, a, router, op);
  else launch_type<DType::kBF16>(ctx, a, router, op);
  return "simt";
}

}  // namespace evalrun::cuda

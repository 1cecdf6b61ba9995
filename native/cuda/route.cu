// RouteOp.
#include "cuda/kernels/route.cuh"

#include <stdexcept>

#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const RouteOp& op) {
  if (op.experts < 1 || op.experts > 512 || op.experts_per_token > op.experts) {
    throw std::invalid_argument("route: 1 to 512 experts, of which no more than all are chosen, were expected; found " +
                                std::to_string(op.experts_per_token) + " of " + std::to_string(op.experts));
  }
  if (op.groups > 1 && (op.experts % op.groups != 0 || op.groups_per_token > op.groups)) {
    throw std::invalid_argument("route: " + std::to_string(op.experts) + " experts do not make " + std::to_string(op.groups) +
                                " equal groups, of which " + std::to_string(op.groups_per_token) + " are kept");
  }
  const auto kernel = op.experts <= 64    ? route_kernel<2>
                      : op.experts <= 128 ? route_kernel<4>
                      : op.experts <= 256 ? route_kernel<8>
                                          : route_kernel<16>;
  const RouteArguments arguments{op.logits, op.bias, op.chosen, op.weights, op.rows, op.experts, op.experts_per_token, op.groups,
                                 op.groups_per_token, op.scoring == Scoring::kSoftmax, op.group_score == GroupScore::kTop2Sum,
                                 op.normalize, op.scale, op.groups > 1 ? op.experts / op.groups : op.experts};
  const int shared = op.groups > 1 ? kRouteWarps * op.experts * static_cast<int>(sizeof(float)) : 0;
  launch(ctx, "route", kernel, dim3(static_cast<unsigned>(ceil_div(op.rows, kRouteWarps))), dim3(kRouteWarps * kWarp), shared,
         arguments);
  return "simt";
}

}  // namespace evalrun::cuda

// RouteOp, and RouteBucketOp in one kernel where a block can do it.
#include "cuda/route.h"

#include <stdexcept>

#include "cuda/op_outputs.h"
#include "cuda/ops.h"

namespace evalrun::cuda {

RouteArguments route_arguments(const RouteOp& op) {
  if (op.experts < 1 || op.experts > 512 || op.experts_per_token > op.experts) {
    throw std::invalid_argument("route: 1 to 512 experts, of which no more than all are chosen, were expected; found " +
                                std::to_string(op.experts_per_token) + " of " + std::to_string(op.experts));
  }
  if (op.groups > 1 && (op.experts % op.groups != 0 || op.groups_per_token > op.groups)) {
    throw std::invalid_argument("route: " + std::to_string(op.experts) + " experts do not make " + std::to_string(op.groups) +
                                " equal groups, of which " + std::to_string(op.groups_per_token) + " are kept");
  }
  return {op.logits, op.bias, op.chosen, op.weights, op.rows, op.experts, op.experts_per_token, op.groups,
          op.groups_per_token, op.scoring == Scoring::kSoftmax, op.group_score == GroupScore::kTop2Sum,
          op.normalize, op.scale, op.groups > 1 ? op.experts / op.groups : op.experts};
}

namespace {

template <int kHeld_>
struct Held {
  static constexpr int kHeld = kHeld_;
};

// with(held): how many experts a lane holds.
template <class With>
void with_held(int experts, const With& with) {
  if (experts <= 64) return with(Held<2>());
  if (experts <= 128) return with(Held<4>());
  if (experts <= 256) return with(Held<8>());
  with(Held<16>());
}

}  // namespace

const char* run(Context& ctx, const RouteOp& op) {
  const RouteArguments arguments = route_arguments(op);
  const int shared = op.groups > 1 ? kRouteWarps * op.experts * static_cast<int>(sizeof(float)) : 0;
  with_held(op.experts, [&](auto held) {
    launch(ctx, "route", route_kernel<decltype(held)::kHeld>, dim3(static_cast<unsigned>(ceil_div(op.rows, kRouteWarps))),
           dim3(kRouteWarps * kWarp), shared, arguments);
  });
  return "simt";
}

void check_sorting(const RouteBucketOp& op) {
  const RouteOp& route = op.route;
  const BucketOp& bucket = op.bucket;
  if (bucket.chosen == route.chosen && bucket.rows == route.rows && bucket.experts == route.experts &&
      bucket.experts_per_token == route.experts_per_token) {
    return;
  }
  throw std::invalid_argument("route_bucket: what is sorted is not what is chosen");
}

const char* run_fused(Context& ctx, const RouteBucketOp& op) {
  check_sorting(op);
  const RouteOp& route = op.route;
  const RouteArguments arguments = route_arguments(route);
  if (route.rows == 0 || route.rows > kRouteBucketRows) return nullptr;
  for (const Range& range : outputs_of(route)) ctx.operands.invalidate(range.begin, range.bytes);
  with_held(route.experts, [&](auto held) {
    launch(ctx, "route_bucket", route_bucket<decltype(held)::kHeld>, dim3(1), dim3(kRouteBucketThreads), route_and_bucket_bytes(route),
           arguments, bucket_results(op.bucket));
  });
  return "simt";
}

}  // namespace evalrun::cuda

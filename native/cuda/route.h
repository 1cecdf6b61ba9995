// What RouteOp and BucketOp of few rows are launched with, alone and behind others.
#pragma once
#include "cuda/kernels/route_bucket.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

// Throws std::invalid_argument where there are too many experts, or no such groups of them.
RouteArguments route_arguments(const RouteOp& op);
// Throws std::invalid_argument where what is sorted is not what is chosen.
void check_sorting(const RouteBucketOp& op);
inline BucketResults bucket_results(const BucketOp& op) { return {op.order, op.offsets, op.slot_of}; }
// Shared memory of route_and_bucket().
inline int route_and_bucket_bytes(const RouteOp& op) {
  return (op.rows * op.experts_per_token + (op.groups > 1 ? kRouteBucketWarps * op.experts : 0)) * static_cast<int>(sizeof(int32_t));
}

}  // namespace evalrun::cuda

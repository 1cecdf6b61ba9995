// RouteOp and BucketOp of few rows by one block: route.cuh's rows, then each pair counts those in front of it.
#pragma once
#include "cuda/kernels/route.cuh"

namespace evalrun::cuda {

constexpr int kRouteBucketThreads = 256;
constexpr int kRouteBucketWarps = kRouteBucketThreads / kWarp;
// More than two rows to a warp would take longer than the launch that is saved.
constexpr int kRouteBucketRows = 2 * kRouteBucketWarps;

// What BucketOp fills.
struct BucketResults {
  int32_t* order;
  int32_t* offsets;
  int32_t* slot_of;
};

// How many of the pairs have an expert below `expert`, or that one in front of pair `before`.
__device__ __forceinline__ int count_in_front(const int32_t* chosen, int pairs, int expert, int before) {
  int count = 0;
  for (int pair = 0; pair < pairs; ++pair) count += chosen[pair] < expert || (chosen[pair] == expert && pair < before) ? 1 : 0;
  return count;
}

// By the threads of a block. shared: the experts of all pairs, then the biased scores of a row for each warp, where there are groups.
template <int kHeld>
__device__ __forceinline__ void route_and_bucket(const RouteArguments& op, const BucketResults& results, int32_t* chosen) {
  const int warp = threadIdx.x / kWarp;
  const int pairs = op.rows * op.experts_per_token;
#pragma unroll 1
  for (int row = warp; row < op.rows; row += kRouteBucketWarps) {
    route_row<kHeld>(op, row, reinterpret_cast<float*>(chosen + pairs) + warp * op.experts);
    __syncwarp();
  }
  __syncthreads();
  for (int pair = threadIdx.x; pair < pairs; pair += kRouteBucketThreads) chosen[pair] = op.chosen[pair];
  __syncthreads();
  for (int pair = threadIdx.x; pair < pairs; pair += kRouteBucketThreads) {
    const int slot = count_in_front(chosen, pairs, chosen[pair], pair);
    results.order[slot] = pair;
    results.slot_of[pair] = slot;
  }
  for (int expert = threadIdx.x; expert <= op.experts; expert += kRouteBucketThreads) {
    results.offsets[expert] = count_in_front(chosen, pairs, expert, 0);
  }
}

template <int kHeld>
__global__ void __launch_bounds__(kRouteBucketThreads, 1) route_bucket(RouteArguments op, BucketResults results) {
  begin_kernel();
  route_and_bucket<kHeld>(op, results, reinterpret_cast<int32_t*>(shared_memory()));
}

}  // namespace evalrun::cuda

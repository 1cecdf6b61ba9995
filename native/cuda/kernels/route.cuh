// The gate of DeepSeekMoE: a warp per row, whose lanes hold the experts lane, lane + 32, ..
#pragma once
#include "cuda/kernels/order.cuh"
#include "cuda/launch.h"
#include "ops/ops.h"

namespace evalrun::cuda {

constexpr int kRouteWarps = 4;  // rows of a block

// RouteOp for a kernel.
struct RouteArguments {
  const float* logits;
  const float* bias;
  int32_t* chosen;
  float* weights;
  int rows, experts, experts_per_token, groups, groups_per_token;
  int softmax, top2_sum, normalize;  // 0 or 1
  float scale;
  int group_size;
};
static_assert(sizeof(RouteArguments) == 4 * 8 + 10 * 4, "a launch's arguments have no padding");

// Scores of the row's experts; behind the last expert they are not used.
template <int kHeld>
__device__ __forceinline__ void score_experts(const RouteArguments& op, const float* logits, int lane, float (&scores)[kHeld]) {
  const float none = -INFINITY;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) scores[i] = i * kWarp + lane < op.experts ? load_from_level_2(logits + i * kWarp + lane) : none;
  if (!op.softmax) {
#pragma unroll
    for (int i = 0; i < kHeld; ++i) scores[i] = 1.0f / (1.0f + expf(-scores[i]));
    return;
  }
  float largest = none;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) largest = fmaxf(largest, scores[i]);
  largest = warp_reduce<Max>(largest);
  float total = 0;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    scores[i] = expf(scores[i] - largest);
    total += scores[i];
  }
  total = warp_reduce<Sum>(total);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) scores[i] = scores[i] / total;
}

// The group's best score, or the sum of its two best. Lanes start at different places so that they meet in few banks.
__device__ __forceinline__ float score_group(const RouteArguments& op, const float* biased, int group, int size) {
  float best = -INFINITY, second = -INFINITY;
  const float* members = biased + group * size;
  int member = group % size;
  for (int i = 0; i < size; ++i) {
    const float value = members[member];
    second = fmaxf(second, fminf(best, value));
    best = fmaxf(best, value);
    member = member + 1 == size ? 0 : member + 1;
  }
  return op.top2_sum && size > 1 ? best + second : best;
}

// Sets the biased scores of the groups that are not kept to -inf.
template <int kHeld>
__device__ __forceinline__ void mask_groups(const RouteArguments& op, int lane, float* shared, float (&biased)[kHeld]) {
  const int size = op.group_size;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    if (i * kWarp + lane < op.experts) shared[i * kWarp + lane] = biased[i];
  }
  __syncwarp();
  uint64_t keys[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int group = i * kWarp + lane;
    keys[i] = group < op.groups ? candidate(score_group(op, shared, group, size), group) : kNoCandidate;
  }
  uint32_t kept = 0;  // bit i: expert i * 32 + lane
  for (int g = 0; g < op.groups_per_token; ++g) {
    const int begin = candidate_index(take_best(keys, [](int) {})) * size;
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      const int expert = i * kWarp + lane;
      if (expert >= begin && expert < begin + size) kept |= 1u << i;
    }
  }
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    if (!(kept >> i & 1)) biased[i] = -INFINITY;
  }
}

// biased_of_row [experts]: shared memory of the warp, where there are groups.
template <int kHeld>
__device__ __forceinline__ void route_row(const RouteArguments& op, int64_t row, float* biased_of_row) {
  const int lane = threadIdx.x % kWarp;
  float scores[kHeld], biased[kHeld];
  score_experts(op, op.logits + row * op.experts, lane, scores);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int expert = i * kWarp + lane;
    biased[i] = op.bias != nullptr && expert < op.experts ? scores[i] + __ldg(op.bias + expert) : scores[i];
  }
  if (op.groups > 1) {
    mask_groups(op, lane, biased_of_row, biased);
  }

  uint64_t keys[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int expert = i * kWarp + lane;
    keys[i] = expert < op.experts ? candidate(biased[i], expert) : kNoCandidate;
  }
  int32_t* chosen = op.chosen + row * op.experts_per_token;
  float* weights = op.weights + row * op.experts_per_token;
  float total = 0;
  // Lane k % 32 keeps the score of place k in memory, because all of them are needed before the first weight is known.
  for (int k = 0; k < op.experts_per_token; ++k) {
    float score = 0;
    const int expert = candidate_index(take_best(keys, [&](int i) { score = scores[i]; }));
    score = shuffle(score, expert % kWarp);
    total += score;
    if (k % kWarp == lane) {
      chosen[k] = expert;
      weights[k] = score;
    }
  }
  for (int k = lane; k < op.experts_per_token; k += kWarp) {
    const float score = weights[k];
    weights[k] = (op.normalize ? score / (total + 1e-20f) : score) * op.scale;
  }
}

template <int kHeld>
__global__ void __launch_bounds__(kRouteWarps * kWarp) route_kernel(RouteArguments op) {
  begin_kernel();
  const int warp = threadIdx.x / kWarp;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRouteWarps + warp;
  if (row < op.rows) route_row<kHeld>(op, row, reinterpret_cast<float*>(shared_memory()) + warp * op.experts);
}

}  // namespace evalrun::cuda

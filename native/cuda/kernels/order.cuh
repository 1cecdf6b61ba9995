// Floats as integers in the same order, and the best of a warp's candidates with ties to the lower index.
#pragma once
#include "cuda/kernels/reduce.cuh"

namespace evalrun::cuda {

// Unsigned numbers in the order of the floats they stand for; -0 and +0 are equal, as floats are.
__device__ __forceinline__ uint32_t ordered(float value) {
  const uint32_t bits = __float_as_uint(value + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ float from_ordered(uint32_t order) {
  return __uint_as_float(order & 0x80000000u ? order & 0x7fffffffu : ~order);
}

// A candidate as one number: the larger value first, among equals the lower index. Greater than kNoCandidate whatever the value.
constexpr uint64_t kNoCandidate = 0;
__device__ __forceinline__ uint64_t candidate(float value, uint32_t index) {
  return (static_cast<uint64_t>(ordered(value)) << 32) | (0xffffffffu - index);
}
__device__ __forceinline__ int candidate_index(uint64_t key) { return static_cast<int>(0xffffffffu - static_cast<uint32_t>(key)); }
__device__ __forceinline__ float candidate_value(uint64_t key) { return from_ordered(static_cast<uint32_t>(key >> 32)); }

// The best candidate of a warp whose lanes hold kHeld each. It is taken from the lane that held it, for which taken(i) is called.
template <int kHeld, class Taken>
__device__ __forceinline__ uint64_t take_best(uint64_t (&keys)[kHeld], Taken taken) {
  uint64_t best = keys[0];
#pragma unroll
  for (int i = 1; i < kHeld; ++i) best = Max::of(best, keys[i]);
  best = warp_reduce<Max>(best);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    if (keys[i] != best) continue;
    keys[i] = kNoCandidate;
    taken(i);
  }
  return best;
}

}  // namespace evalrun::cuda

// Sums and maxima over a warp or a block in a fixed order; every lane gets the result.
#pragma once
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

constexpr int kWarp = 32;

struct Sum {
  template <class T>
  __device__ __forceinline__ static T of(T a, T b) {
    return a + b;
  }
};
struct Max {
  template <class T>
  __device__ __forceinline__ static T of(T a, T b) {
    return a > b ? a : b;
  }
};

// A butterfly: both lanes of a pair add the same two numbers, so all lanes hold the same bits.
template <class Operation, class T>
__device__ __forceinline__ T warp_reduce(T value) {
#pragma unroll
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value = Operation::of(value, shuffle_xor(value, mask));
  return value;
}

// Over kWarps warps of a block, all of which take part. `partials` is room for kWarps values in shared memory; it may be used
// again at once.
template <class Operation, int kWarps, class T>
__device__ __forceinline__ T block_reduce(T value, T* partials) {
  value = warp_reduce<Operation>(value);
  const int warp = threadIdx.x / kWarp;
  __syncthreads();
  if (threadIdx.x % kWarp == 0) partials[warp] = value;
  __syncthreads();
  T result = partials[0];
#pragma unroll
  for (int w = 1; w < kWarps; ++w) result = Operation::of(result, partials[w]);
  return result;
}

}  // namespace evalrun::cuda

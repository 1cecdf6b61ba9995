// Sorting of 64-bit keys by one block, in shared or global memory.
#pragma once
#include "cuda/runtime.h"

#include <cstdint>

namespace evalrun::cuda {

__device__ __forceinline__ void order_pair(uint64_t* keys, int count, int low, int high) {
  if (high >= count) return;
  const uint64_t a = keys[low], b = keys[high];
  if (a >= b) return;
  keys[low] = b;
  keys[high] = a;
}

// Descending, by a bitonic network whose exchanges all put the larger key first: what is missing to a power of two would stand at
// the end and never move, so it need not exist. `keys` is in memory that the whole block sees; ends with a barrier.
template <int kThreads>
__device__ __forceinline__ void sort_descending(uint64_t* keys, int count) {
  for (int size = 2; size / 2 < count; size *= 2) {
    // Each half is sorted: exchange every key with its mirror, then merge within halves, quarters ..
    const int half = size / 2;
    for (int pair = threadIdx.x; pair / half * size < count; pair += kThreads) {
      const int begin = pair / half * size;
      order_pair(keys, count, begin + pair % half, begin + size - 1 - pair % half);
    }
    __syncthreads();
    for (int stride = size / 4; stride > 0; stride /= 2) {
      for (int pair = threadIdx.x; pair / stride * 2 * stride < count; pair += kThreads) {
        const int low = pair / stride * 2 * stride + pair % stride;
        order_pair(keys, count, low, low + stride);
      }
      __syncthreads();
    }
  }
  __syncthreads();
}

}  // namespace evalrun::cuda

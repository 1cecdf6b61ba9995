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
  for (int level = 0; 1 << level < count; ++level) {
    // Runs of 2^level keys are sorted: exchange every key with its mirror in the next run, then merge within halves, quarters ..
    const int last = (2 << level) - 1;
    for (int pair = threadIdx.x; pair >> level << (level + 1) < count; pair += kThreads) {
      const int begin = pair >> level << (level + 1);
      const int place = pair & ((1 << level) - 1);
      order_pair(keys, count, begin + place, begin + last - place);
    }
    __syncthreads();
    for (int part = level - 1; part >= 0; --part) {
      for (int pair = threadIdx.x; pair >> part << (part + 1) < count; pair += kThreads) {
        const int low = (pair >> part << (part + 1)) + (pair & ((1 << part) - 1));
        order_pair(keys, count, low, low + (1 << part));
      }
      __syncthreads();
    }
  }
  __syncthreads();
}

}  // namespace evalrun::cuda

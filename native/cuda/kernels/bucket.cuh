// A stable counting sort of (row, k) pairs by expert, without atomics: every place is counted, none is raced for.
//
// Chunks of kChunk pairs belong to blocks and, within them, equal runs to warps. Each warp counts the experts of its run; sums over
// warps, chunks and experts in order give every warp its first slot of every expert; then the warp deals out the slots in order.
#pragma once
#include "cuda/kernels/reduce.cuh"
#include "cuda/launch.h"
#include "ops/ops.h"

namespace evalrun::cuda {

constexpr int kBucketThreads = 256;
constexpr int kBucketWarps = kBucketThreads / kWarp;
constexpr int kChunk = 2048;
constexpr int kRun = kChunk / kBucketWarps;
constexpr int kMaxExperts = 512;

// BucketOp for a kernel; an expert's number, or one more than the last, has `bits` bits.
struct BucketArguments {
  const int32_t* chosen;
  int32_t* order;
  int32_t* offsets;
  int32_t* slot_of;
  int pairs, experts, bits, chunks;
};
static_assert(sizeof(BucketArguments) == 4 * 8 + 4 * 4, "a launch's arguments have no padding");

// The lanes of the warp whose expert is this lane's.
__device__ __forceinline__ uint32_t lanes_with_same(int expert, int bits) {
  uint32_t same = 0xffffffffu;
  for (int b = 0; b < bits; ++b) {
    const bool one = expert >> b & 1;
    const uint32_t ones = ballot(one);
    same &= one ? ones : ~ones;
  }
  return same;
}

// Walks this warp's run: counts[expert] grows by the experts met, and with kPlace each pair takes the slot that the count was.
template <bool kPlace>
__device__ __forceinline__ void walk_run(const BucketArguments& op, int32_t* counts) {
  constexpr int kSteps = kRun / kWarp;
  const int lane = threadIdx.x % kWarp;
  const int warp = threadIdx.x / kWarp;
  // Of a lone chunk, which may be small, every warp gets a part.
  const int steps = op.chunks > 1 ? kSteps : (op.pairs + kBucketThreads - 1) / kBucketThreads;
  const int begin = blockIdx.x * kChunk + warp * steps * kWarp;
  int experts[kSteps];
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int pair = begin + i * kWarp + lane;
    experts[i] = i < steps && pair < op.pairs ? __ldg(op.chosen + pair) : op.experts;  // a number that no expert has
  }
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int pair = begin + i * kWarp + lane;
    const bool exists = experts[i] < op.experts;
    const uint32_t same = lanes_with_same(experts[i], op.bits);
    const int rank = __popc(same & ((1u << lane) - 1));
    const int count = exists ? counts[experts[i]] : 0;
    __syncwarp();
    if (exists && rank == 0) counts[experts[i]] = count + __popc(same);
    if (kPlace && exists) {
      op.order[count + rank] = pair;
      op.slot_of[pair] = count + rank;
    }
    __syncwarp();
  }
}

// Counts of every warp's run, [kBucketWarps, experts] in shared memory.
__device__ __forceinline__ void count_chunk(const BucketArguments& op, int32_t* counts) {
  for (int i = threadIdx.x; i < kBucketWarps * op.experts; i += kBucketThreads) counts[i] = 0;
  __syncthreads();
  walk_run<false>(op, counts + threadIdx.x / kWarp * op.experts);
  __syncthreads();
}

// offsets[e] = sum of totals[0 .. e - 1], for the threads of a block; totals and offsets in shared memory, offsets one longer.
__device__ __forceinline__ void scan_experts(int experts, const int32_t* totals, int32_t* offsets, int32_t* warp_sums) {
  constexpr int kEach = kMaxExperts / kBucketThreads;
  const int lane = threadIdx.x % kWarp;
  const int warp = threadIdx.x / kWarp;
  int32_t own[kEach];
  int32_t sum = 0;
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int expert = threadIdx.x * kEach + i;
    own[i] = expert < experts ? totals[expert] : 0;
    sum += own[i];
  }
  int32_t inclusive = sum;
#pragma unroll
  for (int delta = 1; delta < kWarp; delta *= 2) {
    const int32_t before = shuffle_up(inclusive, delta);
    if (lane >= delta) inclusive += before;
  }
  if (lane == kWarp - 1) warp_sums[warp] = inclusive;
  __syncthreads();
  int32_t exclusive = inclusive - sum;
  for (int w = 0; w < warp; ++w) exclusive += warp_sums[w];
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int expert = threadIdx.x * kEach + i;
    if (expert < experts) offsets[expert] = exclusive;
    exclusive += own[i];
    if (expert == experts - 1) offsets[experts] = exclusive;
  }
  __syncthreads();
}

// Turns the counts of the block's warps into first slots, given the chunk's first slot of each expert, and deals them out.
__device__ __forceinline__ void place_chunk(const BucketArguments& op, const int32_t* first, int32_t* counts) {
  for (int expert = threadIdx.x; expert < op.experts; expert += kBucketThreads) {
    int32_t slot = first[expert];
    for (int w = 0; w < kBucketWarps; ++w) {
      const int32_t count = counts[w * op.experts + expert];
      counts[w * op.experts + expert] = slot;
      slot += count;
    }
  }
  __syncthreads();
  walk_run<true>(op, counts + threadIdx.x / kWarp * op.experts);
}

__device__ __forceinline__ int32_t sum_of_warps(const int32_t* counts, int experts, int expert) {
  int32_t sum = 0;
  for (int w = 0; w < kBucketWarps; ++w) sum += counts[w * experts + expert];
  return sum;
}

// Shared memory of the kernels below, in integers: counts of the warps, totals, offsets, sums of the scan.
__host__ __device__ constexpr int bucket_shared_ints(int experts) { return (kBucketWarps + 2) * experts + 1 + kBucketWarps; }

// All of it, when the pairs are one chunk.
__global__ void __launch_bounds__(kBucketThreads) bucket_one_chunk(BucketArguments op) {
  begin_kernel();
  int32_t* counts = reinterpret_cast<int32_t*>(shared_memory());
  int32_t* totals = counts + kBucketWarps * op.experts;
  int32_t* offsets = totals + op.experts;
  count_chunk(op, counts);
  for (int e = threadIdx.x; e < op.experts; e += kBucketThreads) totals[e] = sum_of_warps(counts, op.experts, e);
  __syncthreads();
  scan_experts(op.experts, totals, offsets, offsets + op.experts + 1);
  for (int e = threadIdx.x; e <= op.experts; e += kBucketThreads) op.offsets[e] = offsets[e];
  place_chunk(op, offsets, counts);
}

// chunk_counts [chunks, E].
__global__ void __launch_bounds__(kBucketThreads) bucket_count(BucketArguments op, int32_t* chunk_counts) {
  begin_kernel();
  int32_t* counts = reinterpret_cast<int32_t*>(shared_memory());
  count_chunk(op, counts);
  for (int e = threadIdx.x; e < op.experts; e += kBucketThreads) {
    chunk_counts[static_cast<int64_t>(blockIdx.x) * op.experts + e] = sum_of_warps(counts, op.experts, e);
  }
}

// One block: offsets, and in place of each chunk's counts its first slots.
__global__ void __launch_bounds__(kBucketThreads) bucket_scan(BucketArguments op, int32_t* chunk_counts) {
  begin_kernel();
  int32_t* totals = reinterpret_cast<int32_t*>(shared_memory());
  int32_t* offsets = totals + op.experts;
  for (int e = threadIdx.x; e < op.experts; e += kBucketThreads) {
    int32_t total = 0;
#pragma unroll 8
    for (int c = 0; c < op.chunks; ++c) total += chunk_counts[static_cast<int64_t>(c) * op.experts + e];
    totals[e] = total;
  }
  __syncthreads();
  scan_experts(op.experts, totals, offsets, offsets + op.experts + 1);
  for (int e = threadIdx.x; e <= op.experts; e += kBucketThreads) op.offsets[e] = offsets[e];
  // Read some chunks ahead of the first store, or every read would wait for the store before it.
  constexpr int kAhead = 16;
  for (int e = threadIdx.x; e < op.experts; e += kBucketThreads) {
    int32_t slot = offsets[e];
    for (int first = 0; first < op.chunks; first += kAhead) {
      int32_t* count = chunk_counts + static_cast<int64_t>(first) * op.experts + e;
      int32_t own[kAhead];
#pragma unroll
      for (int c = 0; c < kAhead; ++c) own[c] = first + c < op.chunks ? count[c * op.experts] : 0;
#pragma unroll
      for (int c = 0; c < kAhead; ++c) {
        if (first + c < op.chunks) count[c * op.experts] = slot;
        slot += own[c];
      }
    }
  }
}

__global__ void __launch_bounds__(kBucketThreads) bucket_place(BucketArguments op, const int32_t* first_slots) {
  begin_kernel();
  int32_t* counts = reinterpret_cast<int32_t*>(shared_memory());
  count_chunk(op, counts);
  place_chunk(op, first_slots + static_cast<int64_t>(blockIdx.x) * op.experts, counts);
}

}  // namespace evalrun::cuda

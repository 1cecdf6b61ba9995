// Drawing the next token of each row: temperature, top_k, top_p, min_p, inversion, as ops.h defines them. A block per row.
//
// The definition sorts the vocabulary. Only candidates that can change the result are sorted here:
//  - with top_k, those in the bins of width 1/16 of the logit down to the one that holds the k-th;
//  - else those whose weight exp((logit - largest) / temperature) is not so small that all such V together are beyond the
//    nucleus (V * floor < (1 - top_p) * total), or beyond the draw where there is no top_p (V * floor < (1 - u) * mass). Half of
//    that is taken, so that no rounding matters.
// Up to kSortedInShared of them are sorted in shared memory, more (a flat distribution) in global memory.
//
// Sums are double, as in the reference, but added by a fixed tree. The token drawn differs from the reference's only where a
// cumulative sum is as close to its target as the two orders' rounding errors, about V * 2^-53 of the mass: for V = 200,000 a
// draw in 4e10 at worst.
#pragma once
#include "cuda/kernels/order.cuh"
#include "cuda/kernels/sort.cuh"
#include "cuda/launch.h"
#include "ops/ops.h"
#include "ops/uniform.h"

namespace evalrun::cuda {

constexpr int kSampleThreads = 1024;
constexpr int kSampleWarps = kSampleThreads / kWarp;
constexpr int kSortedInShared = 4096;
constexpr int kBins = 4096;
constexpr float kBinsPerLogit = 16;

struct SampleShared {
  union {
    uint64_t keys[kSortedInShared];
    int32_t bins[kBins];  // until the candidates are known
  };
  union {
    double sums[kSampleWarps];
    uint64_t candidates[kSampleWarps];
    int32_t counts[kSampleWarps];
  };
  double sum;
  int32_t count;
};

struct SampleRow {
  const float* logits;
  int vocab;
  float largest;
  double temperature;

  // No order holds among NaN.
  __device__ __forceinline__ float logit(int token) const {
    const float value = __ldg(logits + token);
    return value != value ? -INFINITY : value;
  }
  __device__ __forceinline__ double weight(float logit) const {
    return exp((static_cast<double>(logit) - static_cast<double>(largest)) / temperature);
  }
  __device__ __forceinline__ double weight_of(uint64_t key) const { return weight(candidate_value(key)); }
  // Falls as the logit falls; rounding keeps the order.
  __device__ __forceinline__ int bin(float logit) const {
    return static_cast<int>(fminf((largest - logit) * kBinsPerLogit, static_cast<float>(kBins - 1)));
  }
};

__device__ __forceinline__ uint64_t most_probable(const SampleRow& row, SampleShared& shared) {
  uint64_t best = kNoCandidate;
#pragma unroll 4
  for (int token = threadIdx.x; token < row.vocab; token += kSampleThreads) {
    best = Max::of(best, candidate(row.logit(token), token));
  }
  return block_reduce<Max, kSampleWarps>(best, shared.candidates);
}

// Sum of the weights that are at least `least`.
__device__ __forceinline__ double sum_weights(const SampleRow& row, double least, SampleShared& shared) {
  double sum = 0;
#pragma unroll 4
  for (int token = threadIdx.x; token < row.vocab; token += kSampleThreads) {
    const double weight = row.weight(row.logit(token));
    sum += weight < least ? 0.0 : weight;
  }
  return block_reduce<Sum, kSampleWarps>(sum, shared.sums);
}

// Sum of `value` over the threads up to this one. Leaves the sum over all threads in shared.sum or shared.count.
template <class T>
__device__ __forceinline__ T block_scan(T value, T* warp_sums, T* total) {
  const int lane = threadIdx.x % kWarp;
  const int warp = threadIdx.x / kWarp;
#pragma unroll
  for (int delta = 1; delta < kWarp; delta *= 2) {
    const T before = shuffle_up(value, delta);
    if (lane >= delta) value += before;
  }
  __syncthreads();
  if (lane == kWarp - 1) warp_sums[warp] = value;
  __syncthreads();
  T before = 0;
  for (int w = 0; w < warp; ++w) before += warp_sums[w];
  value += before;
  if (threadIdx.x == kSampleThreads - 1) *total = value;
  __syncthreads();
  return value;
}

// The bin that holds the k-th most probable token, k <= V.
__device__ __forceinline__ int bin_of_rank(const SampleRow& row, int k, SampleShared& shared) {
  for (int i = threadIdx.x; i < kBins; i += kSampleThreads) shared.bins[i] = 0;
  __syncthreads();
#pragma unroll 4
  for (int token = threadIdx.x; token < row.vocab; token += kSampleThreads) atomicAdd(&shared.bins[row.bin(row.logit(token))], 1);
  __syncthreads();
  constexpr int kEach = kBins / kSampleThreads;
  const int first = threadIdx.x * kEach;
  int own = 0;
  for (int i = 0; i < kEach; ++i) own += shared.bins[first + i];
  int rank = block_scan(own, shared.counts, &shared.count) - own;
  if (rank < k && k <= rank + own) {
    int bin = first;
    for (rank += shared.bins[bin]; rank < k; rank += shared.bins[bin]) ++bin;
    shared.count = bin;
  }
  __syncthreads();
  const int bin = shared.count;
  __syncthreads();
  return bin;
}

// Collects the tokens that `takes` accepts and sorts them: the most probable first. Returns their number, and sets `keys` to where
// they are: shared memory, or `memory`, which has room for the vocabulary.
template <class Takes>
__device__ __forceinline__ int collect(const SampleRow& row, Takes takes, uint64_t* memory, SampleShared& shared, uint64_t*& keys) {
  if (threadIdx.x == 0) shared.count = 0;
  __syncthreads();
  const int lane = threadIdx.x % kWarp;
  for (int first = 0; first < row.vocab; first += kSampleThreads) {
    const int token = first + threadIdx.x;
    const float logit = token < row.vocab ? row.logit(token) : -INFINITY;
    const bool taken = token < row.vocab && takes(logit);
    const uint32_t others = ballot(taken);
    if (others == 0) continue;
    int begin = lane == 0 ? atomicAdd(&shared.count, __popc(others)) : 0;
    begin = shuffle(begin, 0);
    // In the order of arrival, which the sort makes forgotten: no two keys are equal.
    if (taken) memory[begin + __popc(others & ((1u << lane) - 1))] = candidate(logit, token);
  }
  __syncthreads();
  const int count = shared.count;
  keys = memory;
  if (count <= kSortedInShared) {
    for (int i = threadIdx.x; i < count; i += kSampleThreads) shared.keys[i] = memory[i];
    keys = shared.keys;
    __syncthreads();
  }
  sort_descending<kSampleThreads>(keys, count);
  return count;
}

// The tokens whose weight is at least `least`, or a little less; the most probable one in any case.
__device__ __forceinline__ int collect_heavy(const SampleRow& row, double least, uint64_t* memory, SampleShared& shared,
                                             uint64_t*& keys) {
  const double largest = row.largest;
  const double floor = fmin(largest + row.temperature * log(least), largest);
  return collect(row, [&](float logit) { return static_cast<double>(logit) >= floor; }, memory, shared, keys);
}

struct Prefix {
  int index;   // of the first candidate whose cumulative weight reaches the target, or their number
  double sum;  // up to and with that candidate, or of all
};

// kBeyond: the sum has to exceed the target.
template <bool kBeyond>
__device__ __forceinline__ Prefix find_prefix(const SampleRow& row, const uint64_t* keys, int count, double target,
                                              SampleShared& shared) {
  double before = 0;
  for (int first = 0; first < count; first += kSampleThreads) {
    const int i = first + threadIdx.x;
    const double weight = i < count ? row.weight_of(keys[i]) : 0.0;
    const double sum = before + block_scan(weight, shared.sums, &shared.sum);
    const bool reached = i < count && (kBeyond ? sum > target : sum >= target);
    before += shared.sum;
    // The smaller index is the larger number of candidates after it.
    const int after = block_reduce<Max, kSampleWarps>(reached ? count - i : 0, shared.counts);
    if (after == 0) continue;
    if (i == count - after) shared.sum = sum;
    __syncthreads();
    const double found = shared.sum;
    __syncthreads();
    return {count - after, found};
  }
  return {count, before};
}

__device__ __forceinline__ int draw(const SampleRow& row, const SampleParams& params, uint64_t* memory, SampleShared& shared) {
  const double none = INFINITY;
  const double u = sample_uniform(params.key, params.position);
  const double top_p = params.top_p, min_p = params.min_p;
  uint64_t* keys = nullptr;
  int kept = 0;
  double mass = 0;

  if (params.top_k > 0 && params.top_k < row.vocab) {
    const int last_bin = bin_of_rank(row, params.top_k, shared);
    collect(row, [&](float logit) { return row.bin(logit) <= last_bin; }, memory, shared, keys);
    kept = params.top_k;
    if (top_p < 1) {
      const double total = find_prefix<false>(row, keys, kept, none, shared).sum;
      kept = min(kept, find_prefix<false>(row, keys, kept, top_p * total, shared).index + 1);
    }
  } else if (top_p < 1) {
    const double total = sum_weights(row, 0, shared);
    const double least = 0.5 * fmax((1 - top_p) * total / row.vocab, min_p);
    kept = collect_heavy(row, least, memory, shared, keys);
    kept = min(kept, find_prefix<false>(row, keys, kept, top_p * total, shared).index + 1);
  } else {
    // Nothing but min_p and the draw: what the draw cannot reach is not even sorted.
    mass = sum_weights(row, fmin(min_p, 1.0), shared);
    const double least = 0.5 * fmax((1 - u) * mass / row.vocab, min_p);
    kept = collect_heavy(row, least, memory, shared, keys);
  }

  if (min_p > 0) {
    int enough = 0;
    for (int i = threadIdx.x; i < kept; i += kSampleThreads) enough += !(row.weight_of(keys[i]) < min_p);
    kept = max(1, block_reduce<Sum, kSampleWarps>(enough, shared.counts));
  }
  if (mass == 0) mass = find_prefix<false>(row, keys, kept, none, shared).sum;
  const int drawn = find_prefix<true>(row, keys, kept, u * mass, shared).index;
  return candidate_index(keys[min(drawn, kept - 1)]);
}

static_assert(sizeof(SampleOp) == 3 * 8 + 2 * 4, "a launch's arguments have no padding");

// Blocks take rows gridDim.x apart; memory [gridDim.x, V].
__global__ void __launch_bounds__(kSampleThreads) sample_kernel(SampleOp op, uint64_t* memory) {
  begin_kernel();
  SampleShared& shared = *reinterpret_cast<SampleShared*>(shared_memory());
  for (int r = blockIdx.x; r < op.rows; r += gridDim.x) {
    const SampleParams params = op.params[r];
    SampleRow row{op.logits + static_cast<int64_t>(r) * op.vocab, op.vocab, 0, params.temperature};
    const uint64_t best = most_probable(row, shared);
    row.largest = candidate_value(best);
    int token = candidate_index(best);
    // Without a finite largest logit there are no probabilities: the most probable token, as if greedy.
    const bool finite = row.largest - row.largest == 0.0f;
    if (params.temperature > 0 && finite) token = draw(row, params, memory + static_cast<int64_t>(blockIdx.x) * op.vocab, shared);
    if (threadIdx.x == 0) op.out[r] = token;
    __syncthreads();
  }
}

}  // namespace evalrun::cuda

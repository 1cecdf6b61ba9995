// Loops that do one thing as fast as a GPU can: multiply and add in registers, read memory. What they compute is written so that it is
// computed at all.
#pragma once
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

constexpr int kLimitThreads = 256;
// Independent sums of a thread or warp: enough to cover an instruction's latency together with the other warps.
constexpr int kLimitChains = 8;
constexpr int64_t kMmaFlops = 2 * 16 * 8 * 16;

__device__ __forceinline__ int64_t limit_thread() { return static_cast<int64_t>(blockIdx.x) * kLimitThreads + threadIdx.x; }

__global__ void __launch_bounds__(kLimitThreads) limit_multiply_add(int rounds, float factor, float* out) {
  begin_kernel();
  float sum[kLimitChains];
#pragma unroll
  for (int i = 0; i < kLimitChains; ++i) sum[i] = static_cast<float>(threadIdx.x + i);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < kLimitChains; ++i) sum[i] = fmaf(sum[i], factor, 0.001f);
  }
  float total = 0;
#pragma unroll
  for (int i = 0; i < kLimitChains; ++i) total += sum[i];
  out[limit_thread()] = total;
}

// Operands are numbers around 1 with mantissas of all kinds: zeros are cheaper to multiply.
__global__ void __launch_bounds__(kLimitThreads) limit_mma_bf16(int rounds, float* out) {
  begin_kernel();
  uint32_t a[4], b[2];
#pragma unroll
  for (int i = 0; i < 4; ++i) a[i] = 0x3f803f80u ^ ((threadIdx.x * 2654435761u + i * 40503u) & 0x807f807fu);
#pragma unroll
  for (int i = 0; i < 2; ++i) b[i] = 0x3f803f80u ^ ((threadIdx.x * 2246822519u + i * 30011u) & 0x807f807fu);
  // All different: equal chains would be computed once.
  float sum[kLimitChains][4];
#pragma unroll
  for (int i = 0; i < kLimitChains * 4; ++i) sum[i / 4][i % 4] = static_cast<float>(i);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < kLimitChains; ++i) mma_bf16(sum[i], a, b);
  }
  float total = 0;
#pragma unroll
  for (int i = 0; i < kLimitChains; ++i) total += sum[i][0] + sum[i][1] + sum[i][2] + sum[i][3];
  out[limit_thread()] = total;
}

__global__ void __launch_bounds__(kLimitThreads) limit_fill(uint4* block, int64_t count) {
  begin_kernel();
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kLimitThreads;
  for (int64_t i = limit_thread(); i < count; i += stride) {
    const auto word = static_cast<uint32_t>(i) * 2654435761u;
    block[i] = make_uint4(word, word ^ 0x5bd1e995u, word + 0x9e3779b9u, ~word);
  }
}

__global__ void __launch_bounds__(kLimitThreads) limit_read(const uint4* block, int64_t count, uint32_t* out) {
  begin_kernel();
  constexpr int kInFlight = 4;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kLimitThreads;
  uint32_t all = 0;
  int64_t at = limit_thread();
  for (; at + (kInFlight - 1) * stride < count; at += kInFlight * stride) {
    uint4 read[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) read[i] = block[at + i * stride];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) all ^= read[i].x ^ read[i].y ^ read[i].z ^ read[i].w;
  }
  for (; at < count; at += stride) all ^= block[at].x ^ block[at].y ^ block[at].z ^ block[at].w;
  out[limit_thread()] = all;
}

}  // namespace evalrun::cuda

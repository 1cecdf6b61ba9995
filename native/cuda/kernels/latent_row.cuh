// Norm, rotation and store of what Multi-head Latent Attention keeps of a token: norm.cuh, rope.cuh and store_kv.cuh in a row, to the bit.
#pragma once
#include "cuda/kernels/norm.cuh"
#include "cuda/kernels/rope.cuh"
#include "cuda/kv_layout.h"

namespace evalrun::cuda {

constexpr int kLatentWarps = 4;
constexpr int kLatentThreads = 32 * kLatentWarps;
constexpr int kLatentGroups = 4;  // of four columns that a lane holds: ranks up to 512

struct StoreLatentArguments {
  const float* x;  // [rows, rank + rope_dim]: latent, then rotary key
  int64_t x_stride;
  const void* weight;
  const int32_t* positions;
  const float* cos_sin;
  const int32_t* slots;
  void* cache;
  int rows, rank, rope_dim, interleaved, weight_type, kv_type, round_normalized;
  float eps;
};
static_assert(sizeof(StoreLatentArguments) == 7 * 8 + 8 * 4, "a launch's arguments have no padding");

__device__ __forceinline__ void store_one(void* cache, DType type, int64_t index, float value) {
  if (type == DType::kF32) {
    static_cast<float*>(cache)[index] = value;
  } else {
    static_cast<uint16_t*>(cache)[index] = to_bf16(value);
  }
}

__host__ __device__ inline int store_latent_blocks(int rows) { return (rows + kLatentWarps - 1) / kLatentWarps; }

// A warp to each token; by the blocks of a grid that begins with those of store_latent_blocks().
__device__ __forceinline__ void store_latent_block(const StoreLatentArguments& a) {
  prefetch_vector(a.weight, a.weight_type, a.rank);
  wait_for_last();
  const int lane = threadIdx.x % 32;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kLatentWarps + threadIdx.x / 32;
  if (row >= a.rows) return;
  const float* x = a.x + row * a.x_stride;
  const auto type = static_cast<DType>(a.kv_type);
  const int64_t begin = latent_kv_row(a.slots[row], a.rank, a.rope_dim);

  float4 held[kLatentGroups];
#pragma unroll
  for (int i = 0; i < kLatentGroups; ++i) {
    const int column = (i * 32 + lane) * kGroup;
    held[i] = column < a.rank ? *reinterpret_cast<const float4*>(x + column) : make_float4(0, 0, 0, 0);
  }
  const float inverse = inverse_of_squares<32>(sum_of_squares(held), a.rank, a.eps);
#pragma unroll
  for (int i = 0; i < kLatentGroups; ++i) {
    const int column = (i * 32 + lane) * kGroup;
    if (column >= a.rank) continue;
    const float4 weight = load_vector_group(a.weight, static_cast<DType>(a.weight_type), column);
    const float4 y = normalized_group(held[i], inverse, weight, a.round_normalized);
    if (type == DType::kF32) {
      *reinterpret_cast<float4*>(static_cast<float*>(a.cache) + begin + column) = y;
    } else {
      *reinterpret_cast<uint2*>(static_cast<uint16_t*>(a.cache) + begin + column) = make_uint2(pack_bf16(y.x, y.y), pack_bf16(y.z, y.w));
    }
  }

  rotate_by_warp(x + a.rank, a.rope_dim, a.interleaved != 0, a.cos_sin + static_cast<int64_t>(a.positions[row]) * a.rope_dim,
                 [&](int column, float value) { store_one(a.cache, type, begin + a.rank + column, value); });
}

}  // namespace evalrun::cuda

// Reading and writing runs of four elements: one wide access where the data allows it, four narrow ones where not.
//
// Kernels over memory are written once over groups of four columns. Whether a group is one access or four is the host's choice
// per launch (`Wide`), and nothing but the accesses depends on it: a row gives the same bits wherever it lies.
#pragma once
#include "cuda/kernels/primitives.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

constexpr int kGroup = 4;  // columns: 16 bytes of float32

inline bool aligned_16(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }
// Whether each row of four-column groups of a float32 matrix begins at a multiple of 16 bytes; a null matrix is no obstacle.
inline bool wide_rows(const float* data, int64_t stride, int64_t columns) {
  return data == nullptr || (aligned_16(data) && stride % kGroup == 0 && columns % kGroup == 0);
}

// The group that begins `left` columns before the end of the row: columns behind it read as 0 and are not written.
template <bool Wide>
__device__ __forceinline__ float4 load_group(const float* address, int left) {
  if (Wide) return *reinterpret_cast<const float4*>(address);
  float4 group = make_float4(0, 0, 0, 0);
  if (left > 0) group.x = address[0];
  if (left > 1) group.y = address[1];
  if (left > 2) group.z = address[2];
  if (left > 3) group.w = address[3];
  return group;
}

// The same from memory that nobody writes while the kernel runs: such reads need not wait for the stores before them.
template <bool Wide>
__device__ __forceinline__ float4 load_constant_group(const float* address, int left) {
  if (Wide) return __ldg(reinterpret_cast<const float4*>(address));
  float4 group = make_float4(0, 0, 0, 0);
  if (left > 0) group.x = __ldg(address);
  if (left > 1) group.y = __ldg(address + 1);
  if (left > 2) group.z = __ldg(address + 2);
  if (left > 3) group.w = __ldg(address + 3);
  return group;
}

template <bool Wide>
__device__ __forceinline__ void store_group(float* address, int left, float4 group) {
  if (Wide) {
    *reinterpret_cast<float4*>(address) = group;
    return;
  }
  if (left > 0) address[0] = group.x;
  if (left > 1) address[1] = group.y;
  if (left > 2) address[2] = group.z;
  if (left > 3) address[3] = group.w;
}

__device__ __forceinline__ float2 unpack_bf16(uint32_t pair) {
  return make_float2(__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u));
}

// Elements i .. i + 3 of a weight as float32, without block scales; i is a multiple of 4 elements and so is the row's stride, as
// DeviceWeights pads rows (cuda/ops.h).
template <DType kType>
__device__ __forceinline__ float4 load_weight_group(const void* data, int64_t i) {
  if constexpr (kType == DType::kF32) {
    return __ldg(reinterpret_cast<const float4*>(static_cast<const float*>(data) + i));
  } else if constexpr (kType == DType::kBF16) {
    const uint2 bits = __ldg(reinterpret_cast<const uint2*>(static_cast<const uint16_t*>(data) + i));
    const float2 low = unpack_bf16(bits.x), high = unpack_bf16(bits.y);
    return make_float4(low.x, low.y, high.x, high.y);
  } else if constexpr (kType == DType::kF16) {
    const uint2 bits = __ldg(reinterpret_cast<const uint2*>(static_cast<const uint16_t*>(data) + i));
    return make_float4(from_f16(bits.x & 0xffff), from_f16(bits.x >> 16), from_f16(bits.y & 0xffff), from_f16(bits.y >> 16));
  } else {
    const uint32_t codes = __ldg(reinterpret_cast<const uint32_t*>(static_cast<const uint8_t*>(data) + i));
    return make_float4(from_e4m3(codes & 0xff), from_e4m3((codes >> 8) & 0xff), from_e4m3((codes >> 16) & 0xff),
                       from_e4m3(codes >> 24));
  }
}

// The same for a type known when the kernel runs: float32, bfloat16 and float16 (norms).
__device__ __forceinline__ float4 load_vector_group(const void* data, DType type, int64_t i) {
  if (type == DType::kF32) return load_weight_group<DType::kF32>(data, i);
  if (type == DType::kBF16) return load_weight_group<DType::kBF16>(data, i);
  return load_weight_group<DType::kF16>(data, i);
}

// silu(gate) * up.
__device__ __forceinline__ float gated(float gate, float up) { return gate / (1.0f + expf(-gate)) * up; }

}  // namespace evalrun::cuda

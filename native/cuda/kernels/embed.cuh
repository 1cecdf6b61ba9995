// Rows of an embedding table, widened to float32.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kEmbedThreads = 128;

// Block (i, part): the part-th kEmbedThreads groups of row i. `scale` is of kF8E4M3 alone.
template <DType kType, bool kWide>
__global__ void __launch_bounds__(kEmbedThreads) embed_kernel(const int32_t* ids, const void* table, int64_t stride,
                                                               const float* scale, int columns, float* y) {
  begin_kernel();
  const int row = blockIdx.x;
  const int64_t id = ids[row];
  const int column = (blockIdx.y * kEmbedThreads + threadIdx.x) * kGroup;
  if (column >= columns) return;
  float4 value = load_weight_group<kType>(table, id * stride + column);
  if (kType == DType::kF8E4M3) {
    const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
    const float s = scale[id / kQuantBlock * blocks + column / kQuantBlock];
    value = make_float4(value.x * s, value.y * s, value.z * s, value.w * s);
  }
  store_group<kWide>(y + static_cast<int64_t>(row) * columns + column, columns - column, value);
}

}  // namespace evalrun::cuda

// Rows of an embedding table, widened to float32.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kEmbedThreads = 128;

// Block (i, part): every gridDim.y-th run of kEmbedThreads groups of row i.
template <DType kType, bool kWide>
__global__ void __launch_bounds__(kEmbedThreads) embed_kernel(EmbedOp op, int64_t stride) {
  const int row = blockIdx.x;
  const int64_t id = op.ids[row];
  const int columns = static_cast<int>(op.table.columns);
  const int group = blockIdx.y * kEmbedThreads + threadIdx.x;
  const int column = group * kGroup;
  if (column >= columns) return;
  float4 value = load_weight_group<kType>(op.table.data, id * stride + column);
  if (kType == DType::kF8E4M3) {
    const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
    const float scale = op.table.scale[id / kQuantBlock * blocks + column / kQuantBlock];
    value = make_float4(value.x * scale, value.y * scale, value.z * scale, value.w * scale);
  }
  store_group<kWide>(op.y + static_cast<int64_t>(row) * columns + column, columns - column, value);
}

}  // namespace evalrun::cuda

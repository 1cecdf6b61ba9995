// kv_b of any storage format as the planes of bfloat16 parts that latent_expand.cuh reads (parts.cuh).
#pragma once
#include "cuda/kernels/latent_rows.cuh"
#include "cuda/kernels/parts.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct SplitWeightArguments {
  LatentWeight weight;
  int columns;      // a multiple of eight
  uint16_t* parts;  // [kFloatParts, rows, columns]
};

// Block: a row.
__global__ void __launch_bounds__(128) split_weight(SplitWeightArguments a) {
  const int64_t row = blockIdx.x;
  const int64_t plane = static_cast<int64_t>(gridDim.x) * a.columns;
  for (int column = threadIdx.x * 2; column < a.columns; column += 256) {
    uint32_t parts[kFloatParts];
    split_pair(a.weight.at(row, column), a.weight.at(row, column + 1), parts);
#pragma unroll
    for (int p = 0; p < kFloatParts; ++p) {
      *reinterpret_cast<uint32_t*>(a.parts + p * plane + row * a.columns + column) = parts[p];
    }
  }
}

}  // namespace evalrun::cuda

// kv_b as latent_expand.cuh reads it: planes of bfloat16 parts (parts.cuh) of any storage format, or codes of e4m3 as bfloat16.
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
  begin_kernel();
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

// Exact, without block scales. Block: a row.
__global__ void __launch_bounds__(128) decode_codes(SplitWeightArguments a) {
  begin_kernel();
  const int64_t row = blockIdx.x;
  const uint8_t* from = static_cast<const uint8_t*>(a.weight.data) + row * a.weight.stride;
  for (int column = threadIdx.x * 2; column < a.columns; column += 256) {
    const uint16_t codes = *reinterpret_cast<const uint16_t*>(from + column);
    *reinterpret_cast<uint32_t*>(a.parts + row * a.columns + column) = bf16x2_from_e4m3x2(codes);
  }
}

}  // namespace evalrun::cuda

// float32 pages of the KV cache as the planes of bfloat16 parts that the matrix kernels read (parts.cuh).
#pragma once
#include "cuda/kernels/attention_arguments.h"
#include "cuda/kernels/parts.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct SplitPagesArguments {
  PagedRows rows;  // float32; columns and strides are multiples of eight
  const int32_t* page_of_slot;
  uint16_t* parts;  // [slots, kFloatParts, P, columns]
};

// A block to each slot.
__global__ void __launch_bounds__(256) split_pages(SplitPagesArguments a) {
  begin_kernel();
  const int columns = a.rows.columns;
  const int plane = kPageTokens * columns;
  const float* from = static_cast<const float*>(a.rows.data) + a.rows.at(a.page_of_slot[blockIdx.x], 0);
  uint16_t* to = a.parts + static_cast<int64_t>(blockIdx.x) * kFloatParts * plane;
  const int groups = columns / kGroup;
  for (int i = threadIdx.x; i < kPageTokens * groups; i += blockDim.x) {
    const int row = i / groups, column = i % groups * kGroup;
    const float4 four = load_constant_group<true>(from + static_cast<int64_t>(row) * a.rows.row_stride + column, kGroup);
    uint32_t low[kFloatParts], high[kFloatParts];
    split_pair(four.x, four.y, low);
    split_pair(four.z, four.w, high);
#pragma unroll
    for (int p = 0; p < kFloatParts; ++p) {
      *reinterpret_cast<uint2*>(to + p * plane + row * columns + column) = make_uint2(low[p], high[p]);
    }
  }
}

}  // namespace evalrun::cuda

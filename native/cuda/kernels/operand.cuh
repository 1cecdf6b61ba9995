// Converts float32 activations for the matrix units: a warp takes a group of 128 columns of a row, a lane four of them.
#pragma once
#include "cuda/kernels/primitives.cuh"
#include "cuda/launch.h"
#include "ops/ops.h"

namespace evalrun::cuda {

struct ConvertArguments {
  const float* x;
  int64_t x_stride;
  uint8_t* values;
  int64_t row_bytes;
  float* scales;
  int rows;
  int columns;
  int groups;   // of 128 columns in a row
  int aligned;  // 1: x and its stride are multiples of 16 bytes
};

constexpr int kConvertWarps = 8;

// The lane's four values of a matrix that lies as in.x does; zeros behind the end of the row.
__device__ inline void load_four(const ConvertArguments& in, const float* matrix, int row, int column, float (&value)[4]) {
  const float* x = matrix + row * in.x_stride + column;
  if (in.aligned != 0 && column + 4 <= in.columns) {
    const float4 four = *reinterpret_cast<const float4*>(x);
    value[0] = four.x;
    value[1] = four.y;
    value[2] = four.z;
    value[3] = four.w;
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) value[i] = column + i < in.columns ? x[i] : 0.0f;
}

// Of a group's codes, where `largest` is its largest absolute value; codes are then value / scale.
__device__ inline float scale_of_codes(float largest) { return fmaxf(largest, 1e-4f) / 448.0f; }

// A warp's 128 values, four to a lane, as e4m3 codes with their scale.
__device__ __forceinline__ void store_codes(const float (&value)[4], uint8_t* codes, float* scale_of_group) {
  // fmaxf passes NaN over, as the reference does; its code is NaN all the same.
  float largest = fmaxf(fmaxf(fabsf(value[0]), fabsf(value[1])), fmaxf(fabsf(value[2]), fabsf(value[3])));
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) largest = fmaxf(largest, shuffle_xor(largest, mask));
  // Two true divisions: a product with 448 / amax would round to other codes at ties.
  const float scale = scale_of_codes(largest);
  const uint32_t low = pack_e4m3(value[0] / scale, value[1] / scale);
  const uint32_t high = pack_e4m3(value[2] / scale, value[3] / scale);
  *reinterpret_cast<uint32_t*>(codes) = low | high << 16;
  if (threadIdx.x % 32 == 0) *scale_of_group = scale;
}

template <Precision kPrecision>
__global__ void __launch_bounds__(32 * kConvertWarps) convert_operand(ConvertArguments in) {
  begin_kernel();
  const int64_t group = static_cast<int64_t>(blockIdx.x) * kConvertWarps + threadIdx.x / 32;
  if (group >= static_cast<int64_t>(in.rows) * in.groups) return;
  const int row = static_cast<int>(group / in.groups);
  const int group_of_row = static_cast<int>(group % in.groups);
  const int column = group_of_row * kQuantBlock + static_cast<int>(threadIdx.x) % 32 * 4;
  float value[4];
  load_four(in, in.x, row, column, value);
  uint8_t* out = in.values + row * in.row_bytes;
  if (kPrecision == Precision::kBF16) {
    if (column * 2 < in.row_bytes) {
      *reinterpret_cast<uint2*>(out + column * 2) =
          make_uint2(pack_bf16(value[0], value[1]), pack_bf16(value[2], value[3]));
    }
    return;
  }
  store_codes(value, out + column, in.scales + group);
}

}  // namespace evalrun::cuda

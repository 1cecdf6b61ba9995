// What the attention kernels share: where a page's rows lie, copying them into shared memory, and the products of the matrix
// units over them.
//
// Rows in shared memory are `columns + 8` elements apart, an odd multiple of 16 bytes, so that the eight rows that one matrix
// load touches lie in different banks.
#pragma once
#include <limits>

#include "cuda/kernels/attention_arguments.h"
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

constexpr int kRowPadding = 8;  // elements of bfloat16

// Copies rows [first, first + kRows) of a page's head into `shared`, kColumns wide. Rows at or behind `valid` and columns behind
// `columns` become zeros: a probability of 0 times what an unused slot happens to hold would not be 0. Eight lanes copy 128 bytes
// of a row at a time.
template <int kRows, int kColumns, int kPitch = kColumns + kRowPadding>
__device__ __forceinline__ void copy_rows(uint16_t* shared, const uint16_t* head, int row_stride, int columns, int first,
                                          int valid) {
  static_assert(kColumns % 64 == 0);
  const int column = threadIdx.x % 8 * 8;
#pragma unroll 1
  for (int row = threadIdx.x / 8; row < kRows; row += blockDim.x / 8) {
    const uint16_t* from = head + ((first + row) * row_stride + column);
    uint16_t* to = shared + row * kPitch + column;
    const int width = first + row < valid ? columns : 0;
#pragma unroll
    for (int c = 0; c < kColumns; c += 64) copy_async_16(to + c, from + c, column + c < width);
  }
}

// Lane's address for a matrix load of 16 rows of an A operand, 16 columns from `column` (load_matrix_x4).
__device__ __forceinline__ const uint16_t* a_address(const uint16_t* rows, int pitch, int column) {
  const int lane = threadIdx.x % 32;
  return rows + (lane % 16) * pitch + column + lane / 16 * 8;
}

// The same for 16 keys, each one column of B: registers 0, 1 are the first eight keys' B operand, 2, 3 the others'
// (load_matrix_x4).
__device__ __forceinline__ const uint16_t* key_address(const uint16_t* keys, int pitch, int column) {
  const int lane = threadIdx.x % 32;
  return keys + (lane % 8 + lane / 16 * 8) * pitch + column + lane / 8 % 2 * 8;
}

// And for 16 values, each one row of B, of 16 columns: registers 0, 1 are the first eight columns' B operand, 2, 3 the others'
// (load_matrix_x4_transposed).
__device__ __forceinline__ const uint16_t* value_address(const uint16_t* values, int pitch, int column) {
  const int lane = threadIdx.x % 32;
  return values + (lane % 16) * pitch + column + lane / 16 * 8;
}

// d0 and d1 += a times the two B operands of one such load.
__device__ __forceinline__ void mma_pair(float (&d0)[4], float (&d1)[4], const uint32_t (&a)[4], const uint32_t (&b)[4]) {
  const uint32_t low[2] = {b[0], b[1]};
  const uint32_t high[2] = {b[2], b[3]};
  mma_bf16(d0, a, low);
  mma_bf16(d1, a, high);
}

// The key positions that a query attends to: (position - window, position], all from 0 when window is 0.
__host__ __device__ constexpr int first_key(int position, int window) {
  return window > 0 && position >= window ? position - window + 1 : 0;
}

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Any number does as the maximum where nothing has been seen, and -inf minus -inf is none.
__device__ __forceinline__ float finite_maximum(float maximum) { return maximum == kMinusInfinity ? 0.0f : maximum; }
// exp(scale * (score - maximum)), 0 for a masked score; scale_log2 = scale * log2(e), scaled_maximum = finite maximum * scale_log2.
__device__ __forceinline__ float exponential(float score, float scaled_maximum, float scale_log2) {
  return fast_exp2(fmaf(score, scale_log2, -scaled_maximum));
}
// exp(scale * (before - now)) for what was summed under another maximum: exactly 1 where it is the same.
__device__ __forceinline__ float rescaling(float before, float now, float scale_log2) {
  return fast_exp2((before - finite_maximum(now)) * scale_log2);
}

// A row of those, from one of its columns on.
struct AttendedRow {
  float* y;
  uint16_t* operand;  // or null

  __device__ __forceinline__ AttendedRow(const AttendedRows& rows, int64_t row, int64_t column)
      : y(rows.y + row * rows.y_stride + column),
        operand(rows.operand == nullptr ? nullptr : rows.operand + row * rows.operand_stride + column) {}

  // Writes columns `column` and the next; `column` is even. + 0 turns -0 into 0, which is what adding masked keys does to it: whether a
  // tile has any is not the row's business. kConvert: into the operand as well, where there is one.
  template <bool kConvert = true>
  __device__ __forceinline__ void store(int column, float first, float second) const {
    first += 0.0f;
    second += 0.0f;
    y[column] = first;
    y[column + 1] = second;
    if (kConvert && operand != nullptr) *reinterpret_cast<uint32_t*>(operand + column) = pack_bf16(first, second);
  }
};

__device__ __forceinline__ float rounded(float value, bool round) { return round ? from_bf16(to_bf16(value)) : value; }

}  // namespace evalrun::cuda

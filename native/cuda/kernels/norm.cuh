// Root mean square norms: each row is read once, held in registers and written once.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/kernels/operand.cuh"
#include "cuda/kernels/reduce.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

// What RmsNormOp and AddNormOp have in common.
struct NormArguments {
  const float* x;
  int64_t x_stride;
  const float* delta;  // added to x, row stride as x; may be null
  float* sum;          // x + delta goes here; null where there is no delta
  const void* weight;  // null: no norm
  float* y;
  int64_t y_stride;
  int64_t columns;
  int rows;
  float eps;
  int round_normalized;
  int weight_type;  // a DType
  // y as the operand of a product as well: a Precision, or -1 for none.
  int precision = -1;
  int groups = 0;  // of 128 columns in a row
  uint8_t* values = nullptr;
  int64_t row_bytes = 0;
  float* scales = nullptr;
};
static_assert(sizeof(NormArguments) == 11 * 8 + 6 * 4, "a launch's arguments have no padding");

// Rows of up to so many columns are a warp's, wider ones a block's.
constexpr int kWarpNormColumns = 128 * kGroup;

// Threads of a block of teams of kTeam, and the row that a thread's team has.
template <int kTeam>
constexpr int kNormBlock = kTeam < 128 ? 128 : kTeam;
template <int kTeam>
__device__ __forceinline__ int64_t row_of_team() {
  return static_cast<int64_t>(blockIdx.x) * (kNormBlock<kTeam> / kTeam) + threadIdx.x / kTeam;
}

// A thread's share of a row's sum of squares: one chain of fused multiply-adds through its columns in order.
template <int kHeld>
__device__ __forceinline__ float sum_of_squares(const float4 (&held)[kHeld]) {
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    squares = fmaf(held[i].x, held[i].x, squares);
    squares = fmaf(held[i].y, held[i].y, squares);
    squares = fmaf(held[i].z, held[i].z, squares);
    squares = fmaf(held[i].w, held[i].w, squares);
  }
  return squares;
}

// The weight, which is in no cache where a whole model has been read since the last step; at most a line for each thread of the block.
__device__ __forceinline__ void prefetch_vector(const void* vector, int type, int64_t elements) {
  const int line = static_cast<int>(threadIdx.x) * kLineBytes;
  if (vector != nullptr && line < elements * (type == static_cast<int>(DType::kF32) ? 4 : 2)) prefetch(static_cast<const char*>(vector) + line);
}

// What a row is multiplied by, from its threads' shares: a tree over the team.
template <int kTeam>
__device__ __forceinline__ float inverse_of_squares(float squares, int columns, float eps) {
  if constexpr (kTeam == kWarp) {
    squares = warp_reduce<Sum>(squares);
  } else {
    squares = block_reduce<Sum, kTeam / kWarp>(squares, reinterpret_cast<float*>(shared_memory()));
  }
  return 1.0f / sqrtf(squares / static_cast<float>(columns) + eps);
}

__device__ __forceinline__ float4 normalized_group(float4 x, float inverse, float4 weight, int round_normalized) {
  const auto normalize = [&](float value, float factor) {
    const float normalized = value * inverse;
    return factor * (round_normalized ? from_bf16(to_bf16(normalized)) : normalized);
  };
  return make_float4(normalize(x.x, weight.x), normalize(x.y, weight.y), normalize(x.z, weight.z), normalize(x.w, weight.w));
}

// The norm of a row that its team holds: store(column, the four columns there).
template <int kTeam, int kHeld, class Store>
__device__ __forceinline__ void normalize_row(const NormArguments& a, int member, const float4 (&held)[kHeld], const Store& store) {
  const int columns = static_cast<int>(a.columns);
  const float inverse = inverse_of_squares<kTeam>(sum_of_squares(held), columns, a.eps);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int column = (i * kTeam + member) * kGroup;
    if (column >= columns) continue;
    const float4 weight = load_vector_group(a.weight, static_cast<DType>(a.weight_type), column);
    store(column, normalized_group(held[i], inverse, weight, a.round_normalized));
  }
}

// Four columns of y as the operand of a product, where that is asked for. In FP8 a warp has a group of 128 columns.
__device__ __forceinline__ void store_operand(const NormArguments& a, int64_t row, int column, float4 y) {
  if (a.precision == static_cast<int>(Precision::kBF16)) {
    *reinterpret_cast<uint2*>(a.values + row * a.row_bytes + column * 2) = make_uint2(pack_bf16(y.x, y.y), pack_bf16(y.z, y.w));
  } else if (a.precision == static_cast<int>(Precision::kFP8)) {
    const float four[4] = {y.x, y.y, y.z, y.w};
    store_codes(four, a.values + row * a.row_bytes + column, a.scales + row * a.groups + column / kQuantBlock);
  }
}

// normalize_row(), where there is a norm, to where it belongs.
template <int kTeam, int kHeld, bool kWide>
__device__ __forceinline__ void norm_row(const NormArguments& a, int64_t row, int member, const float4 (&held)[kHeld]) {
  if (a.weight == nullptr) return;
  float* y = a.y + row * a.y_stride;
  normalize_row<kTeam>(a, member, held, [&](int column, float4 result) {
    store_group<kWide>(y + column, static_cast<int>(a.columns) - column, result);
    store_operand(a, row, column, result);
  });
}

// kTeam threads share a row, of which a block of max(kTeam, 128) threads does several; thread t of the team holds the groups of
// four columns t, t + kTeam, .. of which there are at most kHeld. The sum of squares depends on the number of columns alone.
template <int kTeam, int kHeld, bool kWide>
__global__ void __launch_bounds__(kNormBlock<kTeam>) norm_kernel(NormArguments a) {
  let_next_start();
  prefetch_vector(a.weight, a.weight_type, a.columns);
  wait_for_last();
  const int member = threadIdx.x % kTeam;
  const int64_t row = row_of_team<kTeam>();
  if (row >= a.rows) return;  // a whole warp, or nobody
  const float* x = a.x + row * a.x_stride;
  const int columns = static_cast<int>(a.columns);

  float4 held[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int column = (i * kTeam + member) * kGroup;
    held[i] = column < columns ? load_group<kWide>(x + column, columns - column) : make_float4(0, 0, 0, 0);
  }
  if (a.delta != nullptr) {
    const float* delta = a.delta + row * a.x_stride;
    float* sum = a.sum + row * a.x_stride;
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      const int column = (i * kTeam + member) * kGroup;
      if (column >= columns) continue;
      const float4 more = load_constant_group<kWide>(delta + column, columns - column);
      held[i] = make_float4(held[i].x + more.x, held[i].y + more.y, held[i].z + more.z, held[i].w + more.w);
      store_group<kWide>(sum + column, columns - column, held[i]);
    }
  }
  norm_row<kTeam, kHeld, kWide>(a, row, member, held);
}

}  // namespace evalrun::cuda

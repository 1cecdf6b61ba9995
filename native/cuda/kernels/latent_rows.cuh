// The products of Multi-head Latent Attention around attend_rows.cuh without matrix units: any dimensions, weights of any storage
// format, float32 or (with `round`) bfloat16 operands. Intermediate keys, values and queries are float32 in memory.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

struct LatentWeight {
  const void* data;
  DType dtype;
  int64_t stride;
  int64_t scale_columns;
  const float* scale;

  // As it is meant, block scale applied.
  template <DType kType>
  __device__ __forceinline__ float of_type(int64_t row, int64_t column) const {
    const int64_t i = row * stride + column;
    if constexpr (kType == DType::kF32) return __ldg(static_cast<const float*>(data) + i);
    if constexpr (kType == DType::kBF16) return from_bf16(__ldg(static_cast<const uint16_t*>(data) + i));
    if constexpr (kType == DType::kF16) return from_f16(__ldg(static_cast<const uint16_t*>(data) + i));
    return from_e4m3(__ldg(static_cast<const uint8_t*>(data) + i)) *
           __ldg(scale + row / kQuantBlock * scale_columns + column / kQuantBlock);
  }
  __device__ __forceinline__ float at(int64_t row, int64_t column) const {
    if (dtype == DType::kF32) return of_type<DType::kF32>(row, column);
    if (dtype == DType::kBF16) return of_type<DType::kBF16>(row, column);
    if (dtype == DType::kF16) return of_type<DType::kF16>(row, column);
    return of_type<DType::kF8E4M3>(row, column);
  }
};

struct LatentDims {
  int heads, nope_dim, rope_dim, v_dim, rank;

  __host__ __device__ int head_rows() const { return nope_dim + v_dim; }
  __host__ __device__ int q_columns() const { return nope_dim + rope_dim; }
  __host__ __device__ int cached() const { return rank + rope_dim; }
};

struct ExpandRowsArguments {
  LatentDims dims;
  int first_head, heads;  // of this launch
  const void* cache;      // [pages, P, rank + rope]
  bool bf16;
  const int32_t* page_of_slot;
  LatentWeight weight;
  bool round;
  float* keys;    // [slots, heads, P, nope + rope]
  float* values;  // [slots, heads, P, v]
};

// Block (64 columns of a head's [keys | values | rotary key], head, slot): 64 keys by 64 columns, 4 x 4 to a thread.
__global__ void __launch_bounds__(256) expand_rows(ExpandRowsArguments a) {
  begin_kernel();
  const LatentDims& d = a.dims;
  float* latents = reinterpret_cast<float*>(shared_memory());  // [64 keys][33]
  float* weights = latents + kPageTokens * 33;                 // [64 columns][33]
  const int first = blockIdx.x * 64, head = blockIdx.y, slot = blockIdx.z;
  const int64_t weight_row = static_cast<int64_t>(a.first_head + head) * d.head_rows();
  const auto cached = [&](int key, int column) {
    const int64_t i = (static_cast<int64_t>(a.page_of_slot[slot]) * kPageTokens + key) * d.cached() + column;
    return a.bf16 ? from_bf16(static_cast<const uint16_t*>(a.cache)[i]) : static_cast<const float*>(a.cache)[i];
  };
  const int keys = threadIdx.x / 16 * 4, columns = threadIdx.x % 16 * 4;
  float sums[4][4] = {};
  for (int k = 0; k < d.rank; k += 32) {
    __syncthreads();
    for (int i = threadIdx.x; i < 64 * 32; i += 256) {
      const int row = i / 32, column = k + i % 32;
      latents[row * 33 + i % 32] = column < d.rank ? cached(row, column) : 0.0f;
      weights[row * 33 + i % 32] =
          column < d.rank && first + row < d.head_rows() ? a.weight.at(weight_row + first + row, column) : 0.0f;
    }
    __syncthreads();
    for (int c = 0; c < 32; ++c) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          sums[i][j] = fmaf(latents[(keys + i) * 33 + c], weights[(columns + j) * 33 + c], sums[i][j]);
        }
      }
    }
  }
  const int64_t page = (static_cast<int64_t>(slot) * a.heads + head) * kPageTokens;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      const int column = first + columns + j;
      const int64_t row = page + keys + i;
      if (column < d.nope_dim) {
        a.keys[row * d.q_columns() + column] = rounded(sums[i][j], a.round);
      } else if (column < d.head_rows()) {
        a.values[row * d.v_dim + column - d.nope_dim] = rounded(sums[i][j], a.round);
      } else if (column < d.head_rows() + d.rope_dim) {
        const int rope = column - d.head_rows();
        a.keys[row * d.q_columns() + d.nope_dim + rope] = cached(keys + i, d.rank + rope);
      }
    }
  }
}

struct AbsorbRowsArguments {
  LatentDims dims;
  const float* q;
  int64_t q_stride;
  const DecodeRow* rows;
  int row_count;
  LatentWeight weight;
  bool round;
  float* absorbed;  // [decode rows, heads, rank + rope]
};

// Decode rows that a block has, so that weights are read once for all of them, and weights of a thread that are on their way at once.
constexpr int kRowsOfLatentBlock = 8;
constexpr int kLatentWeightsAhead = 8;

// Block (128 columns, head, kRows decode rows).
template <DType kType, int kRows>
__global__ void __launch_bounds__(128, 4) absorb_rows(AbsorbRowsArguments a) {
  begin_kernel();
  const LatentDims& d = a.dims;
  const int column = blockIdx.x * 128 + threadIdx.x, head = blockIdx.y, first = blockIdx.z * kRows;
  const int64_t weight_row = static_cast<int64_t>(head) * d.head_rows();
  if (column >= d.cached()) return;
  const float* q[kRows];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int row = first + i < a.row_count ? a.rows[first + i].row : -1;
    q[i] = row < 0 ? nullptr : a.q + row * a.q_stride + static_cast<int64_t>(head) * d.q_columns();
  }
  float sum[kRows] = {};
  if (column < d.rank) {
    for (int begin = 0; begin < d.nope_dim; begin += kLatentWeightsAhead) {
      float weight[kLatentWeightsAhead];
#pragma unroll
      for (int j = 0; j < kLatentWeightsAhead; ++j) {
        weight[j] = begin + j < d.nope_dim ? a.weight.of_type<kType>(weight_row + begin + j, column) : 0.0f;
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        if (q[i] == nullptr) continue;
#pragma unroll
        for (int j = 0; j < kLatentWeightsAhead; ++j) {
          if (begin + j < d.nope_dim) sum[i] = fmaf(rounded(q[i][begin + j], a.round), weight[j], sum[i]);
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    if (q[i] == nullptr) continue;
    const float value = column < d.rank ? sum[i] : q[i][d.nope_dim + column - d.rank];
    a.absorbed[(static_cast<int64_t>(first + i) * d.heads + head) * d.cached() + column] = rounded(value, a.round);
  }
}

struct ProjectRowsArguments {
  LatentDims dims;
  const float* latents;  // [decode rows, heads, rank]
  const DecodeRow* rows;
  int row_count;
  LatentWeight weight;
  bool round;
  float* y;
  int64_t y_stride;
};

// Block (4 columns, a warp each, head, kRows decode rows).
template <DType kType, int kRows>
__global__ void __launch_bounds__(128, 4) project_rows(ProjectRowsArguments a) {
  begin_kernel();
  const LatentDims& d = a.dims;
  const int column = blockIdx.x * 4 + threadIdx.x / 32, head = blockIdx.y, lane = threadIdx.x % 32, first = blockIdx.z * kRows;
  const int64_t weight_row = static_cast<int64_t>(head) * d.head_rows() + d.nope_dim + column;
  if (column >= d.v_dim) return;
  int row[kRows];
#pragma unroll
  for (int i = 0; i < kRows; ++i) row[i] = first + i < a.row_count ? a.rows[first + i].row : -1;
  float sum[kRows] = {};
  for (int begin = lane; begin < d.rank; begin += 32 * kLatentWeightsAhead) {
    float weight[kLatentWeightsAhead];
#pragma unroll
    for (int j = 0; j < kLatentWeightsAhead; ++j) {
      const int r = begin + 32 * j;
      weight[j] = r < d.rank ? a.weight.of_type<kType>(weight_row, r) : 0.0f;
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      if (row[i] < 0) continue;
      const float* latent = a.latents + (static_cast<int64_t>(first + i) * d.heads + head) * d.rank + begin;
#pragma unroll
      for (int j = 0; j < kLatentWeightsAhead; ++j) {
        if (begin + 32 * j < d.rank) sum[i] = fmaf(rounded(latent[32 * j], a.round), weight[j], sum[i]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    for (int mask = 1; mask < 32; mask *= 2) sum[i] += shuffle_xor(sum[i], mask);
    if (lane == 0 && row[i] >= 0) a.y[row[i] * a.y_stride + static_cast<int64_t>(head) * d.v_dim + column] = sum[i] + 0.0f;
  }
}

}  // namespace evalrun::cuda

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
  __device__ __forceinline__ float at(int64_t row, int64_t column) const {
    const int64_t i = row * stride + column;
    if (dtype == DType::kF32) return static_cast<const float*>(data)[i];
    if (dtype == DType::kBF16) return from_bf16(static_cast<const uint16_t*>(data)[i]);
    if (dtype == DType::kF16) return from_f16(static_cast<const uint16_t*>(data)[i]);
    return from_e4m3(static_cast<const uint8_t*>(data)[i]) *
           scale[row / kQuantBlock * scale_columns + column / kQuantBlock];
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
  LatentWeight weight;
  bool round;
  float* absorbed;  // [decode rows, heads, rank + rope]
};

// Block (128 columns, head, decode row).
__global__ void __launch_bounds__(128) absorb_rows(AbsorbRowsArguments a) {
  begin_kernel();
  const LatentDims& d = a.dims;
  const int column = blockIdx.x * 128 + threadIdx.x, head = blockIdx.y;
  const int row = a.rows[blockIdx.z].row;
  if (row < 0 || column >= d.cached()) return;
  const float* q = a.q + row * a.q_stride + static_cast<int64_t>(head) * d.q_columns();
  float sum = 0;
  if (column < d.rank) {
    for (int c = 0; c < d.nope_dim; ++c) {
      sum = fmaf(rounded(q[c], a.round), a.weight.at(static_cast<int64_t>(head) * d.head_rows() + c, column), sum);
    }
  } else {
    sum = q[d.nope_dim + column - d.rank];
  }
  a.absorbed[(static_cast<int64_t>(blockIdx.z) * d.heads + head) * d.cached() + column] = rounded(sum, a.round);
}

struct ProjectRowsArguments {
  LatentDims dims;
  const float* latents;  // [decode rows, heads, rank]
  const DecodeRow* rows;
  LatentWeight weight;
  bool round;
  float* y;
  int64_t y_stride;
};

// Block (4 columns, a warp each, head, decode row).
__global__ void __launch_bounds__(128) project_rows(ProjectRowsArguments a) {
  begin_kernel();
  const LatentDims& d = a.dims;
  const int column = blockIdx.x * 4 + threadIdx.x / 32, head = blockIdx.y, lane = threadIdx.x % 32;
  const int row = a.rows[blockIdx.z].row;
  if (row < 0 || column >= d.v_dim) return;
  const float* latent = a.latents + (static_cast<int64_t>(blockIdx.z) * d.heads + head) * d.rank;
  const int64_t weight_row = static_cast<int64_t>(head) * d.head_rows() + d.nope_dim + column;
  float sum = 0;
  for (int r = lane; r < d.rank; r += 32) sum = fmaf(rounded(latent[r], a.round), a.weight.at(weight_row, r), sum);
  for (int mask = 1; mask < 32; mask *= 2) sum += shuffle_xor(sum, mask);
  if (lane == 0) a.y[row * a.y_stride + static_cast<int64_t>(head) * d.v_dim + column] = sum + 0.0f;
}

}  // namespace evalrun::cuda

// Attention without matrix units: float32 checkpoints, and shapes that the matrix kernels do not take. Any dimensions, float32 or
// bfloat16 caches; with `round` the operands are rounded to bfloat16 where AttentionOp says so.
//
// A block takes kTileRows (query, head of the group) pairs of a span and walks the pages in order, 64 columns of keys or values at a
// time through shared memory. Each row is one chain over all its keys, in prompt and decode spans alike.
#pragma once
#include "cuda/kernels/paged.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kTileRows = 16;
constexpr int kTileThreads = 128;
constexpr int kTilePitch = kPageTokens + 1;         // of keys and values: a thread to each row or column
constexpr int kProbabilityPitch = kPageTokens + 4;  // read four at a time

// Queries are read four columns at a time, with zeros behind the last.
__host__ __device__ constexpr int query_pitch(int key_columns) { return (key_columns + 3) / 4 * 4; }

constexpr int rows_shared_bytes(int key_columns, int value_columns) {
  return 4 * (kTileRows * (query_pitch(key_columns) + kProbabilityPitch + value_columns + 1) + kPageTokens * kTilePitch);
}

// Columns [first, first + 64) of a page's head; zeros behind `valid` rows and behind the last column.
__device__ __forceinline__ void load_tile(float* tile, const PagedRows& rows, bool bf16, int64_t head, int first, int valid) {
  for (int i = threadIdx.x; i < kPageTokens * kPageTokens; i += kTileThreads) {
    const int key = i / kPageTokens, column = first + i % kPageTokens;
    const int64_t at = head + static_cast<int64_t>(key) * rows.row_stride + column;
    float value = 0;
    if (key < valid && column < rows.columns) {
      value = bf16 ? from_bf16(static_cast<const uint16_t*>(rows.data)[at]) : static_cast<const float*>(rows.data)[at];
    }
    tile[key * kTilePitch + i % kPageTokens] = value;
  }
}

__global__ void __launch_bounds__(kTileThreads) attend_rows(RowsArguments a) {
  begin_kernel();
  const Span span = a.spans[blockIdx.z];
  const int rows = span.count * a.group;
  const int first_row = blockIdx.x * kTileRows;
  if (first_row >= rows || (a.which == Rows::kPrompt && span.decode) || (a.which == Rows::kDecode && !span.decode)) return;
  const int head = blockIdx.y;
  const int key_columns = a.keys.columns, value_columns = a.values.columns;
  const int q_pitch = query_pitch(key_columns);
  float* q = reinterpret_cast<float*>(shared_memory());
  float* p = q + kTileRows * q_pitch;
  float* output = p + kTileRows * kProbabilityPitch;
  float* corrections = output + kTileRows * value_columns;
  float* tile = corrections + kTileRows;

  const auto query_of = [&](int row) { return (first_row + row < rows ? first_row + row : rows - 1) / a.group; };
  const auto head_of = [&](int row) { return head * a.group + (first_row + row < rows ? first_row + row : rows - 1) % a.group; };
  const int64_t base = a.first == nullptr ? span.first_row : a.first[blockIdx.z].row;
  for (int i = threadIdx.x; i < kTileRows * q_pitch; i += kTileThreads) {
    const int row = i / q_pitch, column = i % q_pitch;
    const float* from = a.q + (base + query_of(row)) * a.q_stride + static_cast<int64_t>(head_of(row)) * key_columns;
    q[i] = column < key_columns ? rounded(from[column], a.round) : 0.0f;
  }
  for (int i = threadIdx.x; i < kTileRows * value_columns; i += kTileThreads) output[i] = 0;

  // Scores and outputs: eight rows of one column. The softmax: eight lanes to a row.
  const int column = threadIdx.x % kPageTokens, half = threadIdx.x / kPageTokens * 8;
  const int soft_row = threadIdx.x / 8, soft_lane = threadIdx.x % 8;
  const int soft_position = span.start_position + query_of(soft_row);
  float maximum = kMinusInfinity, total = 0;
  const int last_block = (span.start_position + query_of(kTileRows - 1)) / kPageTokens;
  const int first_block = first_key(span.start_position + query_of(0), a.window) / kPageTokens;
  for (int block = first_block; block <= last_block; ++block) {
    const int page = a.pages[span.first_page + block];
    const int valid = span.start_position + span.count - block * kPageTokens;
    float sums[8] = {};
    for (int first = 0; first < key_columns; first += kPageTokens) {
      __syncthreads();
      load_tile(tile, a.keys, a.bf16, a.keys.at(page, head), first, valid);
      __syncthreads();
      const int columns = key_columns - first < kPageTokens ? key_columns - first : kPageTokens;
      for (int c = 0; c < columns; c += 4) {
        const float* key = tile + column * kTilePitch + c;
        const float k[4] = {key[0], key[1], key[2], key[3]};
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          const float4 four = *reinterpret_cast<const float4*>(q + (half + i) * q_pitch + first + c);
          sums[i] = fmaf(four.w, k[3], fmaf(four.z, k[2], fmaf(four.y, k[1], fmaf(four.x, k[0], sums[i]))));
        }
      }
    }
    for (int i = 0; i < 8; ++i) p[(half + i) * kProbabilityPitch + column] = sums[i] * a.scale;
    __syncthreads();

    float highest = maximum;
    for (int i = 0; i < 8; ++i) {
      float& score = p[soft_row * kProbabilityPitch + soft_lane + i * 8];
      const int key = block * kPageTokens + soft_lane + i * 8;
      if (key > soft_position || key < first_key(soft_position, a.window)) score = kMinusInfinity;
      highest = fmaxf(highest, score);
    }
    for (int mask = 1; mask < 8; mask *= 2) highest = fmaxf(highest, shuffle_xor(highest, mask));
    const float subtracted = finite_maximum(highest);
    const float correction = expf(maximum - subtracted);
    maximum = highest;
    float sum = 0;
    for (int i = 0; i < 8; ++i) {
      float& score = p[soft_row * kProbabilityPitch + soft_lane + i * 8];
      const float weight = expf(score - subtracted);
      sum += weight;
      score = rounded(weight, a.round);
    }
    total = fmaf(total, correction, sum);
    if (soft_lane == 0) corrections[soft_row] = correction;

    for (int first = 0; first < value_columns; first += kPageTokens) {
      __syncthreads();
      load_tile(tile, a.values, a.bf16, a.values.at(page, head), first, valid);
      __syncthreads();
      if (first + column >= value_columns) continue;
      float values[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) values[i] = output[(half + i) * value_columns + first + column] * corrections[half + i];
      for (int key = 0; key < kPageTokens; key += 4) {
        const float* value = tile + key * kTilePitch + column;
        const float v[4] = {value[0], value[kTilePitch], value[2 * kTilePitch], value[3 * kTilePitch]};
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          const float4 weight = *reinterpret_cast<const float4*>(p + (half + i) * kProbabilityPitch + key);
          // Exactly nothing for a masked key, whatever it holds.
          if (weight.x != 0) values[i] = fmaf(weight.x, v[0], values[i]);
          if (weight.y != 0) values[i] = fmaf(weight.y, v[1], values[i]);
          if (weight.z != 0) values[i] = fmaf(weight.z, v[2], values[i]);
          if (weight.w != 0) values[i] = fmaf(weight.w, v[3], values[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < 8; ++i) output[(half + i) * value_columns + first + column] = values[i];
    }
  }

  for (int mask = 1; mask < 8; mask *= 2) total += shuffle_xor(total, mask);
  __syncthreads();  // the corrections have been read
  if (soft_lane == 0) corrections[soft_row] = total;
  __syncthreads();
  for (int i = threadIdx.x; i < kTileRows * value_columns; i += kTileThreads) {
    const int row = i / value_columns;
    if (first_row + row >= rows) continue;
    a.y[(base + query_of(row)) * a.y_stride + static_cast<int64_t>(head_of(row)) * value_columns + i % value_columns] =
        output[i] / corrections[row] + 0.0f;
  }
}

}  // namespace evalrun::cuda

// y = x . W^T in float32 on the ordinary units, for one weight or for the experts of a BucketOp.
//
// An output is the sum, in order, of its segments of kSegment columns; a segment is a chain of fused multiply-adds from 0, over
// columns in order, filled with zeros to a multiple of kDepth. The tiled kernel walks the segments one after the other, the skinny
// one gives each to another warp: the numbers added, and their order, are the same.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/kernels/reduce.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kSegment = 128;
constexpr int kDepth = 16;

struct F32Product {
  const float* x;
  int64_t x_stride;
  const void* weight;
  int64_t weight_stride;  // elements
  int64_t expert_bytes;   // from one expert's weight to the next
  const float* bias;      // or null
  float* y;
  int64_t y_stride;
  const int32_t* offsets;  // of experts; null: one weight for all rows
  const int32_t* order;    // null unless rows are gathered
  int rows, outputs, columns;  // slots, N, K
  int experts, experts_per_token;
  int16_t wide_x, wide_y;  // 0 or 1

  __device__ __forceinline__ const float* x_row(int row) const {
    return x + static_cast<int64_t>(order == nullptr ? row : order[row] / experts_per_token) * x_stride;
  }
  // Columns k .. k + 3 of a row; those behind the last are 0.
  __device__ __forceinline__ float4 x_group(const float* row, int k) const {
    return wide_x ? load_constant_group<true>(row + k, 4) : load_constant_group<false>(row + k, columns - k);
  }
};

static_assert(sizeof(F32Product) == 10 * 8 + 5 * 4 + 2 * 2, "a launch's arguments have no padding");

// Rows first .. end - 1 times a weight.
struct RowTile {
  int first, end;
  const void* weight;
};

// Tile `index` of kRows rows. Experts' tiles do not cross from one to the next; every warp counts them for itself. Tiles behind the
// last are empty.
template <int kRows>
__device__ __forceinline__ RowTile find_tile(const F32Product& p, int index) {
  if (p.offsets == nullptr) return {index * kRows, min(index * kRows + kRows, p.rows), p.weight};
  const int lane = threadIdx.x % kWarp;
  int before = 0;
  for (int base = 0; base < p.experts; base += kWarp) {
    const int expert = base + lane;
    const int begin = expert < p.experts ? p.offsets[expert] : 0;
    const int end = expert < p.experts ? p.offsets[expert + 1] : 0;
    const int own = (end - begin + kRows - 1) / kRows;
    int through = own;
#pragma unroll
    for (int delta = 1; delta < kWarp; delta *= 2) {
      const int others = shuffle_up(through, delta);
      if (lane >= delta) through += others;
    }
    through += before;
    const uint32_t behind = ballot(index < through);
    if (behind == 0) {
      before = shuffle(through, kWarp - 1);
      continue;
    }
    const int owner = __ffs(static_cast<int>(behind)) - 1;
    const int first = shuffle(begin + (index - (through - own)) * kRows, owner);
    const char* weight = static_cast<const char*>(p.weight) + (base + owner) * p.expert_bytes;
    return {first, min(first + kRows, shuffle(end, owner)), weight};
  }
  return {0, 0, nullptr};
}

// --- tiles of 64 or 32 rows by 64 outputs ---------------------------------------------------------------------------------

constexpr int kTile = 64;
constexpr int kTiledThreads = 128;
constexpr int kTileStride = kTile + 4;  // floats; rows of 16-byte groups that do not all begin in one bank
constexpr int kTiledFloats = 2 * 2 * kDepth * kTileStride;
constexpr int kStepsOfSegment = kSegment / kDepth;

template <int kRows, int kGroups>
constexpr int tiled_shared_bytes() {
  return (kGroups * kTiledFloats + (kGroups > 1 ? kRows * kTile : 0)) * static_cast<int>(sizeof(float));
}

// A block is kGroups times 128 threads, which take segments in turns; with more than one the totals are in shared memory, and the groups
// add to them one after the other. A thread computes kRows / 8 rows by 4 outputs. It brings columns 4q .. 4q + 3 of rows r and r + 32 of
// x, and of W, into shared memory, where column k of the tile is one row; the next kDepth columns are on their way while these are
// multiplied.
template <DType kType, int kRows, int kGroups>
__global__ void __launch_bounds__(kGroups * kTiledThreads) linear_f32_tiled(F32Product p) {
  begin_kernel();
  constexpr int kLoads = kRows / 32, kOwn = kRows / 8;
  const RowTile tile = find_tile<kRows>(p, blockIdx.x);
  if (tile.first >= tile.end) return;
  const int first_output = blockIdx.y * kTile;
  const int group = threadIdx.x / kTiledThreads, thread = threadIdx.x % kTiledThreads;
  float* shared = reinterpret_cast<float*>(shared_memory()) + group * kTiledFloats;
  float* totals = reinterpret_cast<float*>(shared_memory()) + kGroups * kTiledFloats;  // [kRows, kTile]
  const auto x_tile = [&](int buffer, int k) { return shared + (buffer * kDepth + k) * kTileStride; };
  const auto w_tile = [&](int buffer, int k) { return shared + ((2 + buffer) * kDepth + k) * kTileStride; };

  const int q = thread % 4;
  const int r = thread / 4;
  const float* x_rows[kLoads];
  int64_t w_rows[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = tile.first + r + 32 * i;
    const int output = first_output + r + 32 * i;
    if (i < kLoads) x_rows[i] = row < tile.end ? p.x_row(row) : nullptr;
    w_rows[i] = output < p.outputs ? output * p.weight_stride : -1;
  }
  const float4 zero = make_float4(0, 0, 0, 0);
  float4 x_next[kLoads], w_next[2];
  // Steps of this group: those of its segments.
  const auto fetch = [&](int step) {
    const int k = (step / kStepsOfSegment * kGroups + group) * kSegment + step % kStepsOfSegment * kDepth + 4 * q;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      if (i < kLoads) x_next[i] = x_rows[i] != nullptr && k < p.columns ? p.x_group(x_rows[i], k) : zero;
      w_next[i] = w_rows[i] >= 0 && k < p.columns ? load_weight_group<kType>(tile.weight, w_rows[i] + k) : zero;
    }
  };
  const auto put = [&](int buffer) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      if (i < kLoads) {
        const float x[4] = {x_next[i].x, x_next[i].y, x_next[i].z, x_next[i].w};
#pragma unroll
        for (int j = 0; j < 4; ++j) x_tile(buffer, 4 * q + j)[r + 32 * i] = x[j];
      }
      const float w[4] = {w_next[i].x, w_next[i].y, w_next[i].z, w_next[i].w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        w_tile(buffer, 4 * q + j)[r + 32 * i] = w[j];
      }
    }
  };

  const int column = thread % 16 * 4;
  const int row = thread / 16 * kOwn;
  float segment[kOwn][4] = {}, total[kOwn][4] = {};
  const int rounds = (p.columns + kGroups * kSegment - 1) / (kGroups * kSegment);
  // One group ends with the columns; several take as many steps as the others, of zeros behind the last column.
  const int steps = kGroups == 1 ? (p.columns + kDepth - 1) / kDepth : rounds * kStepsOfSegment;
  fetch(0);
  put(0);
  __syncthreads();
  for (int step = 0; step < steps; ++step) {
    const int buffer = step % 2;
    if (step + 1 < steps) fetch(step + 1);
#pragma unroll
    for (int k = 0; k < kDepth; ++k) {
      float xs[kOwn];
#pragma unroll
      for (int i = 0; i < kOwn; i += 4) {
        const float4 x = *reinterpret_cast<const float4*>(x_tile(buffer, k) + row + i);
        xs[i] = x.x;
        xs[i + 1] = x.y;
        xs[i + 2] = x.z;
        xs[i + 3] = x.w;
      }
      const float4 w = *reinterpret_cast<const float4*>(w_tile(buffer, k) + column);
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
        segment[i][0] = fmaf(xs[i], w.x, segment[i][0]);
        segment[i][1] = fmaf(xs[i], w.y, segment[i][1]);
        segment[i][2] = fmaf(xs[i], w.z, segment[i][2]);
        segment[i][3] = fmaf(xs[i], w.w, segment[i][3]);
      }
    }
    if ((step + 1) % kStepsOfSegment == 0 || step + 1 == steps) {
#pragma unroll
      for (int turn = 0; turn < kGroups; ++turn) {
        // A segment behind the last column is not there.
        const bool there = kGroups == 1 || (step / kStepsOfSegment * kGroups + group) * kSegment < p.columns;
        if (group == turn && there) {
#pragma unroll
          for (int i = 0; i < kOwn; ++i) {
#pragma unroll
            for (int j = 0; j < 4; ++j) {
              float* sum = kGroups == 1 ? &total[i][j] : totals + (row + i) * kTile + column + j;
              *sum = (kGroups > 1 && step < kStepsOfSegment && turn == 0 ? 0.0f : *sum) + segment[i][j];
            }
          }
        }
        if constexpr (kGroups > 1) __syncthreads();
      }
#pragma unroll
      for (int i = 0; i < kOwn; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) segment[i][j] = 0;
      }
    }
    // The other buffer was last read before the barrier of the step before.
    if (step + 1 < steps) put(1 - buffer);
    __syncthreads();
  }
  if (group > 0) return;
  if constexpr (kGroups > 1) {
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
#pragma unroll
      for (int j = 0; j < 4; ++j) total[i][j] = totals[(row + i) * kTile + column + j];
    }
  }

  const int output = first_output + column;
  const int left = p.outputs - output;
  if (left <= 0) return;
  const float4 bias = p.bias == nullptr ? zero : load_constant_group<false>(p.bias + output, left);
#pragma unroll
  for (int i = 0; i < kOwn; ++i) {
    if (tile.first + row + i >= tile.end) continue;
    float4 sum = make_float4(total[i][0], total[i][1], total[i][2], total[i][3]);
    if (p.bias != nullptr) sum = make_float4(sum.x + bias.x, sum.y + bias.y, sum.z + bias.z, sum.w + bias.w);
    float* y = p.y + (tile.first + row + i) * p.y_stride + output;
    if (p.wide_y) store_group<true>(y, left, sum);
    else store_group<false>(y, left, sum);
  }
}

// --- four rows by eight outputs: a lane per output, a warp per segment ------------------------------------------------------

constexpr int kSkinnyRows = 4;
constexpr int kSkinnyOutputs = 8;
constexpr int kSkinnyWarps = 8;
constexpr int kSkinnyStride = kSegment + 4;
constexpr int kSkinnyFloats = (kSkinnyRows + kSkinnyOutputs) * kSkinnyStride;  // a warp's
constexpr int kSkinnyShared = kSkinnyWarps * (kSkinnyFloats + 2 * kWarp) * static_cast<int>(sizeof(float));

// The weights of a block's outputs: no kernel writes them.
template <DType kType>
__device__ __forceinline__ void prefetch_skinny(const F32Product& p, int first_output) {
  static_assert(kSkinnyWarps == kSkinnyOutputs, "a warp to each output");
  constexpr int kBytes = kType == DType::kF32 ? 4 : 2;
  const int output = first_output + threadIdx.x / kWarp, row_bytes = p.columns * kBytes;
  const char* row = static_cast<const char*>(p.weight) + output * p.weight_stride * kBytes;
  for (int at = threadIdx.x % kWarp * kLineBytes; output < p.outputs && at < row_bytes; at += kWarp * kLineBytes) prefetch(row + at);
}

// Lane l of warp 0 gets the sum of row l / kSkinnyOutputs and output first_output + l % kSkinnyOutputs. rows(i, k): columns k .. k + 3 of row i,
// zeros where there are none. shared: kSkinnyShared bytes.
template <DType kType, class Rows>
__device__ __forceinline__ float skinny_sum(const F32Product& p, const void* weight, int first_output, const Rows& rows, float* shared) {
  const int lane = threadIdx.x % kWarp;
  const int warp = threadIdx.x / kWarp;
  float* w_shared = shared + warp * kSkinnyFloats;
  float* x_shared = w_shared + kSkinnyOutputs * kSkinnyStride;
  float* sums = shared + kSkinnyWarps * kSkinnyFloats;  // [2, warps, lanes]

  const float4 zero = make_float4(0, 0, 0, 0);
  const int own_output = lane % kSkinnyOutputs;
  const int own_row = lane / kSkinnyOutputs;
  const int segments = (p.columns + kSegment - 1) / kSegment;
  float total = 0;
  for (int round = 0; round * kSkinnyWarps < segments; ++round) {
    const int begin = (round * kSkinnyWarps + warp) * kSegment;
    float* round_sums = sums + round % 2 * kSkinnyWarps * kWarp;
    if (begin < p.columns) {
      const int k = begin + lane * 4;
      float4 w[kSkinnyOutputs], x[kSkinnyRows];
#pragma unroll
      for (int i = 0; i < kSkinnyOutputs; ++i) {
        const int output = first_output + i;
        w[i] = output < p.outputs && k < p.columns ? load_weight_group<kType>(weight, output * p.weight_stride + k) : zero;
      }
#pragma unroll
      for (int i = 0; i < kSkinnyRows; ++i) x[i] = rows(i, k);
#pragma unroll
      for (int i = 0; i < kSkinnyOutputs; ++i) *reinterpret_cast<float4*>(w_shared + i * kSkinnyStride + lane * 4) = w[i];
#pragma unroll
      for (int i = 0; i < kSkinnyRows; ++i) *reinterpret_cast<float4*>(x_shared + i * kSkinnyStride + lane * 4) = x[i];
      __syncwarp();
      const int depth = min(kSegment, (p.columns - begin + kDepth - 1) / kDepth * kDepth);
      float sum = 0;
#pragma unroll 4
      for (int j = 0; j < depth; j += 4) {
        const float4 a = *reinterpret_cast<const float4*>(x_shared + own_row * kSkinnyStride + j);
        const float4 b = *reinterpret_cast<const float4*>(w_shared + own_output * kSkinnyStride + j);
        sum = fmaf(a.x, b.x, sum);
        sum = fmaf(a.y, b.y, sum);
        sum = fmaf(a.z, b.z, sum);
        sum = fmaf(a.w, b.w, sum);
      }
      round_sums[warp * kWarp + lane] = sum;
    }
    __syncthreads();
    // Two rounds' sums are kept, so this warp reads one while the others make the next.
    if (warp == 0) {
      const int made = min(kSkinnyWarps, segments - round * kSkinnyWarps);
      for (int w = 0; w < made; ++w) total += round_sums[w * kWarp + lane];
    }
  }
  return total;
}

// A sum to its place, in the order of skinny_sum(): rows first .. end - 1.
__device__ __forceinline__ void store_skinny(const F32Product& p, int first_output, int first, int end, float total) {
  const int lane = threadIdx.x % kWarp;
  const int output = first_output + lane % kSkinnyOutputs;
  const int row = first + lane / kSkinnyOutputs;
  if (threadIdx.x >= kWarp || output >= p.outputs || row >= end) return;
  p.y[row * p.y_stride + output] = p.bias == nullptr ? total : total + __ldg(p.bias + output);
}

template <DType kType>
__global__ void __launch_bounds__(kSkinnyWarps * kWarp) linear_f32_skinny(F32Product p) {
  let_next_start();
  const int first_output = blockIdx.y * kSkinnyOutputs;
  if (p.offsets == nullptr) prefetch_skinny<kType>(p, first_output);
  wait_for_last();
  const RowTile tile = find_tile<kSkinnyRows>(p, blockIdx.x);
  if (tile.first >= tile.end) return;
  const float* x_rows[kSkinnyRows];
#pragma unroll
  for (int i = 0; i < kSkinnyRows; ++i) x_rows[i] = tile.first + i < tile.end ? p.x_row(tile.first + i) : nullptr;
  const auto rows = [&](int i, int k) { return x_rows[i] != nullptr && k < p.columns ? p.x_group(x_rows[i], k) : make_float4(0, 0, 0, 0); };
  const float total = skinny_sum<kType>(p, tile.weight, first_output, rows, reinterpret_cast<float*>(shared_memory()));
  store_skinny(p, first_output, tile.first, tile.end, total);
}

}  // namespace evalrun::cuda

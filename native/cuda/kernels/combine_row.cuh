// One row's splits (attend_split.cuh) put together in the order of their keys:
//   m = max of the maxima; o = sum of exp(scale * (m_s - m)) * o_s; l likewise; the result is o / l.
#pragma once
#include "cuda/kernels/paged.cuh"

namespace evalrun::cuda {

// One (row, head) of it: an item's sums are `stride` behind those of the item before, its outputs `output_stride`.
struct RowSplits {
  const float2* sums;
  const float* output;
  int64_t stride;
  int64_t output_stride;
  DecodeFirst items;
  int first, last;  // splits that hold keys of the row

  __device__ int item(int split) const { return split < items.whole ? items.item + split : items.end; }
};

__device__ __forceinline__ RowSplits row_splits(const SplitResults& a, DecodeRow entry, int head) {
  const Span span = a.spans[entry.span];
  const int query = entry.row - span.first_row;
  const int position = span.start_position + query;
  const int64_t place = static_cast<int64_t>(query) * a.heads + head;
  const int64_t stride = static_cast<int64_t>(a.max_count) * a.heads;
  return {a.sums + place,
          a.output + place * a.split_columns,
          stride,
          stride * a.split_columns,
          a.plan.first[entry.span],
          first_key(position, a.window) / a.plan.split_tokens(),
          position / a.plan.split_tokens()};
}

// A warp combines one row: group g of this lane is columns g * 128 + lane * 4 + {0..3}, of which the results are.
template <int kGroups>
__device__ __forceinline__ void combine_row(const RowSplits& row, int columns, float scale_log2, float4 (&result)[kGroups]) {
  const int lane = threadIdx.x % 32;
  float highest = kMinusInfinity;
  for (int s = row.first + lane; s <= row.last; s += 32) highest = fmaxf(highest, row.sums[row.item(s) * row.stride].x);
  for (int mask = 1; mask < 32; mask *= 2) highest = fmaxf(highest, shuffle_xor(highest, mask));
#pragma unroll
  for (int g = 0; g < kGroups; ++g) result[g] = make_float4(0, 0, 0, 0);
  float total = 0;
  for (int base = row.first; base <= row.last; base += 32) {
    float weights = 0, shares = 0;  // of split base + lane
    if (base + lane <= row.last) {
      const float2 sum = row.sums[row.item(base + lane) * row.stride];
      weights = rescaling(sum.x, highest, scale_log2);
      shares = weights * sum.y;
    }
    const int count = row.last - base + 1 < 32 ? row.last - base + 1 : 32;
#pragma unroll 4
    for (int i = 0; i < count; ++i) {
      const float weight = shuffle(weights, i);
      total += shuffle(shares, i);
      const float* part = row.output + row.item(base + i) * row.output_stride + lane * 4;
#pragma unroll
      for (int g = 0; g < kGroups; ++g) {
        if (g * 128 + lane * 4 >= columns) continue;
        const float4 add = *reinterpret_cast<const float4*>(part + g * 128);
        result[g].x = fmaf(weight, add.x, result[g].x);
        result[g].y = fmaf(weight, add.y, result[g].y);
        result[g].z = fmaf(weight, add.z, result[g].z);
        result[g].w = fmaf(weight, add.w, result[g].w);
      }
    }
  }
#pragma unroll
  for (int g = 0; g < kGroups; ++g) {
    result[g].x /= total;
    result[g].y /= total;
    result[g].z /= total;
    result[g].w /= total;
  }
}

}  // namespace evalrun::cuda

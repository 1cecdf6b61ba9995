// Attention of decode spans on the matrix units, over a few pages at a time: what a split finds (maximum, sum, unnormalised
// output, all float32) goes to scratch memory, and the splits are combined in order (combine_splits.cuh, latent_project.cuh).
//
// Decoding is bound by reading the cache, so everything serves the stream of pages: blocks stay on their multiprocessor and take
// units (split, kv head, rows) one after the other, while a ring in shared memory is filled half a page at a time, across units.
// The rows of a unit are (query, head of the group) pairs, 16 to a matrix tile; its warps share a page:
//   scores       kDimParts ranges of columns x kKeyParts ranges of keys, summed over the columns through shared memory
//   softmax      eight lanes to a row
//   p . v        each warp a range of value columns
// Multi-head Latent Attention (absorbed) is the case of one kv head whose values are the first columns of its keys.
//
// float32 in parts (parts.cuh) is the same with S::kParts = 3. Small products have sums of their own, and so have the values of a page:
// see attend_prompt.cuh.
#pragma once
#include "cuda/kernels/split_shape.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

__device__ __forceinline__ void wait_for_all_but(int groups) {
  if (groups == 0) copy_async_wait<0>();
  if (groups == 1) copy_async_wait<1>();
  if (groups == 2) copy_async_wait<2>();
  if (groups == 3) copy_async_wait<3>();
  if (groups == 4) copy_async_wait<4>();
}

// This lane's part of a unit's queries as A operands: rows lane / 4 and + 8 of each tile, the columns of the warp's range.
template <class S>
__device__ __forceinline__ void load_queries(uint32_t (&held)[S::kRowTiles][S::kKeySteps][S::kParts][4], const SplitArguments& a,
                                             const PageWalk<S>& now, int first_column) {
  const int lane = threadIdx.x % 32;
  const int rows = now.span.count * a.group;
#pragma unroll
  for (int t = 0; t < S::kRowTiles; ++t) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = now.first_row + t * 16 + r * 8 + lane / 4;
      const int query = row / a.group;
      const int head = now.kv_head * a.group + row % a.group;
      const int64_t base = S::kLatent ? a.plan.first[now.span_index].row : now.span.first_row;
      const int64_t offset = (base + query) * a.q_stride + static_cast<int64_t>(head) * a.keys.columns;
#pragma unroll
      for (int k = 0; k < S::kKeySteps; ++k) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int column = first_column + k * 16 + half * 8 + lane % 4 * 2;
          uint32_t pair[S::kParts] = {};
          if (row < rows && column < a.keys.columns) {
            if constexpr (S::kLatent && S::kParts == 1) {
              pair[0] = *reinterpret_cast<const uint32_t*>(static_cast<const uint16_t*>(a.q) + offset + column);
            } else {
              const float* q = static_cast<const float*>(a.q) + offset + column;
              split_pair(q[0], q[1], pair);
            }
          }
#pragma unroll
          for (int p = 0; p < S::kParts; ++p) held[t][k][p][half * 2 + r] = pair[p];
        }
      }
    }
  }
}

// What load_matrix_x4 of key_address and load_matrix_x4_transposed of value_address give, of float32 and in parts.
template <int kParts>
__device__ __forceinline__ void split_keys(uint32_t (&b)[kParts][4], const float* keys, int pitch, int column) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair =
        *reinterpret_cast<const float2*>(keys + (i / 2 * 8 + lane / 4) * pitch + column + i % 2 * 8 + lane % 4 * 2);
    uint32_t parts[kParts];
    split_pair(pair.x, pair.y, parts);
#pragma unroll
    for (int p = 0; p < kParts; ++p) b[p][i] = parts[p];
  }
}
template <int kParts>
__device__ __forceinline__ void split_values(uint32_t (&b)[kParts][4], const float* values, int pitch, int column) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float* value = values + (i % 2 * 8 + lane % 4 * 2) * pitch + column + i / 2 * 8 + lane / 4;
    uint32_t parts[kParts];
    split_pair(value[0], value[pitch], parts);
#pragma unroll
    for (int p = 0; p < kParts; ++p) b[p][i] = parts[p];
  }
}

// As mma_pair: d0 and d1 += the product of the first parts, small0 and small1 += those of the others that count, the smallest first.
template <int kParts>
__device__ __forceinline__ void mma_parts(float (&d0)[4], float (&d1)[4], float (&small0)[4], float (&small1)[4],
                                          const uint32_t (&a)[kParts][4], const uint32_t (&b)[kParts][4]) {
#pragma unroll
  for (int sum = kParts - 1; sum > 0; --sum) {
#pragma unroll
    for (int i = 0; i <= sum; ++i) mma_pair(small0, small1, a[i], b[sum - i]);
  }
  mma_pair(d0, d1, a[0], b[0]);
}

// Half a page's rows of `head` into the ring; 16-bit pieces are what copy_rows counts.
template <class Element, int kColumns, int kPitch>
__device__ __forceinline__ void copy_half(Element* to, const PagedRows& rows, int64_t head, int first, int valid) {
  constexpr int kPieces = sizeof(Element) / 2;
  copy_rows<kPageTokens / 2, kColumns * kPieces, kPitch * kPieces>(
      reinterpret_cast<uint16_t*>(to), static_cast<const uint16_t*>(rows.data) + head * kPieces, rows.row_stride * kPieces,
      rows.columns * kPieces, first, valid);
}

template <class S>
__global__ void __launch_bounds__(S::kWarps * 32, 1) attend_split(SplitArguments a) {
  begin_kernel();
  unsigned char* shared = shared_memory();
  using Element = typename S::Element;
  Element* ring = reinterpret_cast<Element*>(shared);
  float* scores = reinterpret_cast<float*>(shared + a.slots * S::kSlotBytes);
  uint16_t* probabilities = reinterpret_cast<uint16_t*>(scores + S::kDimParts * S::kRows * S::kScorePitch);
  float* corrections = reinterpret_cast<float*>(probabilities + S::kParts * S::kProbabilities);

  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int dim_part = warp / S::kKeyParts, key_part = warp % S::kKeyParts;
  const int first_dim = dim_part * S::kKeySteps * 16;
  const int heads = a.kv_heads * a.group;
  const int units = a.plan.item_count[0] * a.kv_heads * a.row_blocks;

  PageWalk<S> now, ahead;
  now.unit = blockIdx.x;
  now.settle(a, units);
  ahead = now;
  int ahead_half = 0;
  int filled = 0, used = 0;  // half pages
  // A group is committed for every slot, also when the pages are at an end, so that counting groups counts slots.
  const auto fill = [&] {
    for (; filled - used < a.slots; ++filled) {
      if (ahead.has_page()) {
        Element* slot = ring + filled % a.slots * S::kSlotElements;
        const int page = a.pages[ahead.span.first_page + ahead.page];
        const int valid = ahead.span.start_position + ahead.span.count - ahead.page * kPageTokens;
        const int first = ahead_half * S::kHalf;
        copy_half<Element, S::kQk, S::kKeyPitch>(slot, a.keys, a.keys.at(page, ahead.kv_head), first, valid);
        if constexpr (!S::kLatent) {
          copy_half<Element, S::kV, S::kValuePitch>(slot + S::kHalf * S::kKeyPitch, a.values, a.values.at(page, ahead.kv_head), first,
                                                    valid);
        }
        ahead_half ^= 1;
        if (ahead_half == 0) ahead.advance(a, units);
      }
      copy_async_commit();
    }
  };

  uint32_t held[S::kRowTiles][S::kKeySteps][S::kParts][4];
  float output[S::kRowTiles][S::kColumns / 8][4] = {};
  float maximum[S::kPasses] = {}, total[S::kPasses] = {};  // of the rows that this lane's eight share; total of this lane's keys

  while (now.has_page()) {
    if (now.page == now.first_page) {
      load_queries<S>(held, a, now, first_dim);
#pragma unroll
      for (int t = 0; t < S::kRowTiles; ++t) {
#pragma unroll
        for (int c = 0; c < S::kColumns / 8; ++c) {
#pragma unroll
          for (int i = 0; i < 4; ++i) output[t][c][i] = 0;
        }
      }
#pragma unroll
      for (int p = 0; p < S::kPasses; ++p) {
        maximum[p] = kMinusInfinity;
        total[p] = 0;
      }
    }
    __syncthreads();  // nobody reads the page before
    fill();
    wait_for_all_but(a.slots - 2);
    __syncthreads();
    const Element* halves[2] = {ring + used % a.slots * S::kSlotElements, ring + (used + 1) % a.slots * S::kSlotElements};

    {
      float s[S::kRowTiles][S::kKeyTiles][4] = {};
      float small[S::kParts > 1 ? S::kRowTiles : 1][S::kKeyTiles][4] = {};
      const int key = key_part * S::kKeyTiles * 8;
      const Element* keys = (key < S::kHalf ? halves[0] : halves[1]) + key % S::kHalf * S::kKeyPitch;
#pragma unroll
      for (int k = 0; k < S::kKeySteps; ++k) {
#pragma unroll
        for (int n = 0; n < S::kKeyTiles; n += 2) {
          if constexpr (S::kParts == 1) {
            uint32_t b[4];
            load_matrix_x4(b, key_address(keys + n * 8 * S::kKeyPitch, S::kKeyPitch, first_dim + k * 16));
#pragma unroll
            for (int t = 0; t < S::kRowTiles; ++t) mma_pair(s[t][n], s[t][n + 1], held[t][k][0], b);
          } else {
            uint32_t b[S::kParts][4];
            split_keys(b, keys + n * 8 * S::kKeyPitch, S::kKeyPitch, first_dim + k * 16);
#pragma unroll
            for (int t = 0; t < S::kRowTiles; ++t) {
              mma_parts(s[t][n], s[t][n + 1], small[t][n], small[t][n + 1], held[t][k], b);
            }
          }
        }
      }
#pragma unroll
      for (int t = 0; t < S::kRowTiles; ++t) {
        if constexpr (S::kParts > 1) {
#pragma unroll
          for (int n = 0; n < S::kKeyTiles; ++n) {
#pragma unroll
            for (int i = 0; i < 4; ++i) s[t][n][i] += small[t][n][i];
          }
        }
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          float* row = scores + (dim_part * S::kRows + t * 16 + r * 8 + lane / 4) * S::kScorePitch + key + lane % 4 * 2;
#pragma unroll
          for (int n = 0; n < S::kKeyTiles; ++n) {
            *reinterpret_cast<float2*>(row + n * 8) = make_float2(s[t][n][2 * r], s[t][n][2 * r + 1]);
          }
        }
      }
    }
    __syncthreads();

#pragma unroll
    for (int p = 0; p < S::kPasses; ++p) {
      const int row = p * S::kWarps * 4 + warp * 4 + lane / 8;
      if (S::kRows % (S::kWarps * 4) != 0 && row - lane / 8 >= S::kRows) continue;
      const int query = (now.first_row + row) / a.group;
      const int position = now.span.start_position + (query < now.span.count ? query : now.span.count - 1);
      const int begin = first_key(position, a.window);
      float s[8];
      float highest = maximum[p];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int column = lane % 8 * 2 + j * 16;
        float2 sum = *reinterpret_cast<const float2*>(scores + row * S::kScorePitch + column);
#pragma unroll
        for (int part = 1; part < S::kDimParts; ++part) {
          const float2 more = *reinterpret_cast<const float2*>(scores + (part * S::kRows + row) * S::kScorePitch + column);
          sum.x += more.x;
          sum.y += more.y;
        }
        const int key = now.page * kPageTokens + column;
        s[2 * j] = key <= position && key >= begin ? sum.x : kMinusInfinity;
        s[2 * j + 1] = key + 1 <= position && key + 1 >= begin ? sum.y : kMinusInfinity;
        highest = fmaxf(highest, fmaxf(s[2 * j], s[2 * j + 1]));
      }
      highest = fmaxf(highest, shuffle_xor(highest, 1));
      highest = fmaxf(highest, shuffle_xor(highest, 2));
      highest = fmaxf(highest, shuffle_xor(highest, 4));
      const float subtracted = finite_maximum(highest) * a.scale_log2;
      const float correction = rescaling(maximum[p], highest, a.scale_log2);
      maximum[p] = highest;
      float sum = 0;
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const float low = exponential(s[2 * j], subtracted, a.scale_log2);
        const float high = exponential(s[2 * j + 1], subtracted, a.scale_log2);
        sum += low;
        sum += high;
        uint32_t parts[S::kParts];
        split_pair(low, high, parts);
#pragma unroll
        for (int i = 0; i < S::kParts; ++i) {
          *reinterpret_cast<uint32_t*>(probabilities + i * S::kProbabilities + row * S::kProbabilityPitch + lane % 8 * 2 + j * 16) =
              parts[i];
        }
      }
      total[p] = fmaf(total[p], correction, sum);
      if (lane % 8 == 0) corrections[row] = correction;
    }
    __syncthreads();

    const int first_column = warp * S::kColumns;
#pragma unroll
    for (int t = 0; t < S::kRowTiles; ++t) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const float correction = corrections[t * 16 + r * 8 + lane / 4];
#pragma unroll
        for (int c = 0; c < S::kColumns / 8; ++c) {
          output[t][c][2 * r] *= correction;
          output[t][c][2 * r + 1] *= correction;
        }
      }
    }
    if constexpr (S::kParts == 1) {
#pragma unroll
      for (int k = 0; k < kPageTokens / 16; ++k) {
        uint32_t p[S::kRowTiles][4];
#pragma unroll
        for (int t = 0; t < S::kRowTiles; ++t) {
          load_matrix_x4(p[t], a_address(probabilities + t * 16 * S::kProbabilityPitch, S::kProbabilityPitch, k * 16));
        }
        const Element* values = halves[k / 2] + (S::kLatent ? 0 : S::kHalf * S::kKeyPitch) + k % 2 * 16 * S::kValuePitch;
#pragma unroll
        for (int c = 0; c < S::kColumns / 8; c += 2) {
          uint32_t b[4];
          load_matrix_x4_transposed(b, value_address(values, S::kValuePitch, first_column + c * 8));
#pragma unroll
          for (int t = 0; t < S::kRowTiles; ++t) mma_pair(output[t][c], output[t][c + 1], p[t], b);
        }
      }
    } else {
#pragma unroll
      for (int c = 0; c < S::kColumns / 8; c += 2) {
#pragma unroll
        for (int t = 0; t < S::kRowTiles; ++t) {
          float sums[2][4] = {}, small[2][4] = {};
#pragma unroll
          for (int k = 0; k < kPageTokens / 16; ++k) {
            uint32_t p[S::kParts][4], b[S::kParts][4];
#pragma unroll
            for (int i = 0; i < S::kParts; ++i) {
              load_matrix_x4(p[i], a_address(probabilities + i * S::kProbabilities + t * 16 * S::kProbabilityPitch,
                                             S::kProbabilityPitch, k * 16));
            }
            const Element* values = halves[k / 2] + k % 2 * 16 * S::kValuePitch;
            split_values(b, values, S::kValuePitch, first_column + c * 8);
            mma_parts(sums[0], sums[1], small[0], small[1], p, b);
          }
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            output[t][c][i] += sums[0][i] + small[0][i];
            output[t][c + 1][i] += sums[1][i] + small[1][i];
          }
        }
      }
    }
    used += 2;

    if (now.page + 1 == now.end) {
      const int rows = now.span.count * a.group;
      const int64_t base = static_cast<int64_t>(now.item) * a.max_count * heads + now.kv_head * a.group;
      const auto place_of = [&](int row) { return base + static_cast<int64_t>(row / a.group) * heads + row % a.group; };
#pragma unroll
      for (int t = 0; t < S::kRowTiles; ++t) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const int row = now.first_row + t * 16 + r * 8 + lane / 4;
          if (row >= rows) continue;
          float* to = a.output + place_of(row) * S::kV + first_column + lane % 4 * 2;
#pragma unroll
          for (int c = 0; c < S::kColumns / 8; ++c) {
            *reinterpret_cast<float2*>(to + c * 8) = make_float2(output[t][c][2 * r], output[t][c][2 * r + 1]);
          }
        }
      }
#pragma unroll
      for (int p = 0; p < S::kPasses; ++p) {
        float sum = total[p];
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
        sum += shuffle_xor(sum, 4);
        const int in_block = p * S::kWarps * 4 + warp * 4 + lane / 8;
        const int row = now.first_row + in_block;
        if (lane % 8 == 0 && in_block < S::kRows && row < rows) a.sums[place_of(row)] = make_float2(maximum[p], sum);
      }
    }
    now.advance(a, units);
  }
  copy_async_wait<0>();
}

}  // namespace evalrun::cuda

// The first half of a gated feed-forward in one product, in FP8: silu(x . gate^T) * (x . up^T) as codes with their scales, the operand of
// the next product. Sums, activation and codes are those of two products and gated_operand, bit for bit.
//
// By wgmma alone, with a tile of 128 outputs, one group of scales: 128 columns of gate's product beside 128 of up's. Four lanes have a row.
#pragma once
#include "cuda/kernels/matmul_gated.cuh"
#include "cuda/kernels/operand.cuh"

namespace evalrun::cuda {

template <class Shape>
__device__ __forceinline__ void store_gated_codes(const MatmulArguments& in, const BlockTile& tile, const TileSums<Shape>& sum) {
  constexpr int kGroups = Shape::kAcross / 2;  // of eight outputs
  static_assert(Shape::kDown == 1 && Shape::kWarpsAcross == 1 && kGroups * 8 == kQuantBlock);
  const LanePlace<Shape> place;
  const int lane = static_cast<int>(threadIdx.x) % 4;
  const int group = tile.input.first_column / kQuantBlock;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = tile.rows.first + place.first_row + half * 8;
    float value[kGroups][2];
    float largest = 0;
#pragma unroll
    for (int j = 0; j < kGroups; ++j) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        value[j][e] = gated(sum[0][j][half * 2 + e], sum[0][j + kGroups][half * 2 + e]);
        largest = fmaxf(largest, fabsf(value[j][e]));  // passes NaN over, as store_codes does
      }
    }
#pragma unroll
    for (int mask = 1; mask < 4; mask *= 2) largest = fmaxf(largest, shuffle_xor(largest, mask));
    const float scale = scale_of_codes(largest);
    unsigned char* codes = in.gated + row * in.gated_row_bytes + tile.input.first_column;
#pragma unroll
    for (int j = 0; j < kGroups; j += 8) {
      // Pairs of codes of groups j + i and j + 4 + i; then lane i has all of both.
      uint32_t pair[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        pair[i] = pack_e4m3(value[j + i][0] / scale, value[j + i][1] / scale) |
                  pack_e4m3(value[j + 4 + i][0] / scale, value[j + 4 + i][1] / scale) << 16;
      }
      exchange_groups(pair);
      if (row < tile.rows.end) {
        const auto low = [&](int i) { return (pair[i] & 0xffff) | pair[i + 1] << 16; };
        const auto high = [&](int i) { return pair[i] >> 16 | (pair[i + 1] & 0xffff0000u); };
        *reinterpret_cast<uint2*>(codes + (j + lane) * 8) = make_uint2(low(0), low(2));
        *reinterpret_cast<uint2*>(codes + (j + 4 + lane) * 8) = make_uint2(high(0), high(2));
      }
    }
    if (lane == 0 && row < tile.rows.end) in.gated_scale[row * (in.gated_row_bytes / kQuantBlock) + group] = scale;
  }
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul_gated_codes_wgmma(MatmulArguments in) {
  for_each_tile_wgmma<Codes::kE4M3, Shape, GatedColumns, Shape::kColumns / 2>(
      in, [&](const BlockTile& tile, const TileSums<Shape>& sum) { store_gated_codes<Shape>(in, tile, sum); });
}

}  // namespace evalrun::cuda

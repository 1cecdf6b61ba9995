// The first half of a gated feed-forward in one product: silu(x . gate^T) * (x . up^T), rounded to bfloat16 as the operand of the next
// product. Sums, activation and rounding are those of three kernels in a row (matmul, gated_act, convert_operand), bit for bit.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/kernels/matmul_wgmma.cuh"

namespace evalrun::cuda {

// Four lanes hold a pair of columns of each of four 8-column groups; afterwards lane l of the four holds all of group l.
__device__ __forceinline__ void exchange_groups(uint32_t (&pair)[4]) {
  const int lane = static_cast<int>(threadIdx.x) % 4;
  const bool odd = lane % 2 != 0, high = lane >= 2;
  const uint32_t first = shuffle_xor(odd ? pair[0] : pair[1], 1), second = shuffle_xor(odd ? pair[2] : pair[3], 1);
  (odd ? pair[0] : pair[1]) = first;
  (odd ? pair[2] : pair[3]) = second;
  const uint32_t third = shuffle_xor(high ? pair[0] : pair[2], 2), fourth = shuffle_xor(high ? pair[1] : pair[3], 2);
  (high ? pair[0] : pair[2]) = third;
  (high ? pair[1] : pair[3]) = fourth;
}

template <class Shape>
__device__ __forceinline__ void store_gated(const MatmulArguments& in, const TileRows& rows, int first_column, const TileSums<Shape>& sum) {
  constexpr int kHalf = Shape::kAcross / 2;  // groups of eight outputs
  const LanePlace<Shape> place;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 4;
  first_column += warp % Shape::kWarpsAcross * Shape::kWarpColumns / 2;
  const int columns = static_cast<int>(in.gated_row_bytes / 2);
#pragma unroll
  for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = rows.first + place.first_row + i * 16 + half * 8;
      unsigned char* y = in.gated + row * in.gated_row_bytes;
      const auto pair_of = [&](int j) {
        const float left = gated(sum[i][j][half * 2], sum[i][j + kHalf][half * 2]);
        const float right = gated(sum[i][j][half * 2 + 1], sum[i][j + kHalf][half * 2 + 1]);
        return pack_bf16(left, right);
      };
      if constexpr (kHalf % 4 == 0) {
#pragma unroll
        for (int j = 0; j < kHalf; j += 4) {
          uint32_t group[4] = {pair_of(j), pair_of(j + 1), pair_of(j + 2), pair_of(j + 3)};
          exchange_groups(group);
          const int column = first_column + (j + lane) * 8;
          if (row < rows.end && column < columns) {
            *reinterpret_cast<uint4*>(y + column * 2) = make_uint4(group[0], group[1], group[2], group[3]);
          }
        }
      } else {
#pragma unroll
        for (int j = 0; j < kHalf; ++j) {
          const int column = first_column + j * 8 + lane * 2;
          if (row < rows.end && column < columns) *reinterpret_cast<uint32_t*>(y + column * 2) = pair_of(j);
        }
      }
    }
  }
}

// The operand's padding behind the outputs is zeros: weights that are not there are, and silu(0) * 0 is.
template <class Shape>
__device__ __forceinline__ void matmul_gated_block(const MatmulArguments& in, int block) {
  BlockTile tile;
  if (!find_tile<Shape, Shape::kColumns / 2>(in, block, tile)) return;
  TileSums<Shape> sum;
  multiply_tile<Codes::kBF16, Shape, GatedColumns>(tile.input, tile.rows, shared_memory(), sum);
  store_gated<Shape>(in, tile.rows, tile.input.first_column, sum);
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul_gated(MatmulArguments in) {
  matmul_gated_block<Shape>(in, static_cast<int>(blockIdx.x));
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul_gated_wgmma(MatmulArguments in) {
  for_each_tile_wgmma<Codes::kBF16, Shape, GatedColumns, Shape::kColumns / 2>(in, [&](const BlockTile& tile, const TileSums<Shape>& sum) {
    store_gated<Shape>(in, tile.rows, tile.input.first_column, sum);
  });
}

}  // namespace evalrun::cuda

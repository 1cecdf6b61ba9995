// Products of few rows in one launch, neither of which reads what another writes: between two kernels of a decoding step lies as much time
// as such a product takes. A block computes what it would for its product alone, so all bits are those of matmul and matmul_gated.
#pragma once
#include "cuda/kernels/matmul_gated.cuh"
#include "cuda/matmul.h"

namespace evalrun::cuda {

struct JoinedMatmuls {
  MatmulArguments product[kMostJoined];
  int32_t first_block[kMostJoined];  // behind the last product: past the grid
};

// Which product is the running block's; `block` becomes its number among that product's.
__device__ __forceinline__ int joined_product(const JoinedMatmuls& in, int& block) {
  int which = 0;
#pragma unroll
  for (int i = 1; i < kMostJoined; ++i) which += block >= in.first_block[i] ? 1 : 0;
  block -= in.first_block[which];
  return which;
}

template <Codes kCodes, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) joined_matmul(const __grid_constant__ JoinedMatmuls in) {
  int block = static_cast<int>(blockIdx.x);
  const int which = joined_product(in, block);
  matmul_block<kCodes, Shape>(in.product[which], block);
}

template <Codes kCodes, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) joined_matmul_wgmma(const __grid_constant__ JoinedMatmuls in) {
  static_assert(!kWalksTiles<Shape>, "a block has one tile");
  int block = static_cast<int>(blockIdx.x);
  const MatmulArguments& product = in.product[joined_product(in, block)];
  BlockTile tile;
  if (!find_tile<Shape>(product, block, tile)) return;
  const TileLoader<Shape> loader(tile.input, tile.rows);
  TileSums<Shape> sum;
  multiply_tile_wgmma<kCodes, Shape>(tile.input, tile.rows, loader, shared_memory(), sum);
  store_tile<Shape>(product, tile.rows, tile.input.first_column, sum);
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) joined_matmul_gated(const __grid_constant__ JoinedMatmuls in) {
  int block = static_cast<int>(blockIdx.x);
  const int which = joined_product(in, block);
  matmul_gated_block<Shape>(in.product[which], block);
}

}  // namespace evalrun::cuda

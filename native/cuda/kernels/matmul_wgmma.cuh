// matmul by wgmma.
#pragma once
#include "cuda/kernels/matmul.cuh"
#include "cuda/kernels/wgmma_tile.cuh"

namespace evalrun::cuda {

template <Codes kCodes, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul_wgmma(MatmulArguments in) {
  BlockTile tile;
  if (!find_tile<Shape>(in, tile)) return;
  TileSums<Shape> sum;
  multiply_tile_wgmma<kCodes, Shape>(tile.input, tile.rows, shared_memory(), sum);
  store_tile<Shape>(in, tile.rows, tile.input.first_column, sum);
}

}  // namespace evalrun::cuda

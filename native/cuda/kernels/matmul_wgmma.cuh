// matmul by wgmma. Where a block fills a multiprocessor, there are as many blocks as run at once, and each computes every so many-th tile:
// the first operands of its next one are under way while it stores the sums of the last. Two blocks hide each other's waits.
#pragma once
#include "cuda/kernels/matmul.cuh"
#include "cuda/kernels/wgmma_tile.cuh"

namespace evalrun::cuda {

template <class Shape>
constexpr bool kWalksTiles = Shape::kBlocksPerSm == 1;

// store(tile, sums) for each of the block's tiles. kOutputs: columns of the result that a tile has.
template <Codes kCodes, class Shape, class Columns, int kOutputs, class Store>
__device__ __forceinline__ void for_each_tile_wgmma(const MatmulArguments& in, const Store& store) {
  const int tiles = in.tile_rows * in.tile_columns;
  int block = static_cast<int>(blockIdx.x);
  // The next tile from `block` on that there is: experts may need fewer than the grid has.
  const auto find = [&](BlockTile& tile) {
    while (block < tiles && !find_tile<Shape, kOutputs>(in, block, tile)) block += static_cast<int>(gridDim.x);
    return block < tiles;
  };
  BlockTile tile;
  if (!find(tile)) return;
  unsigned char* shared = shared_memory();
  TileLoader<Shape, Columns> loader(tile.input, tile.rows);
  begin_tile_wgmma<kCodes, Shape>(loader, shared);
  for (;;) {
    TileSums<Shape> sum;
    finish_tile_wgmma<kCodes, Shape>(tile.input, tile.rows, loader, shared, sum);
    if constexpr (!kWalksTiles<Shape>) return store(tile, sum);
    const BlockTile done = tile;
    block += static_cast<int>(gridDim.x);
    const bool more = find(tile);
    if (more) {
      __syncthreads();  // nobody reads the last tile's operands
      loader = TileLoader<Shape, Columns>(tile.input, tile.rows);
      begin_tile_wgmma<kCodes, Shape>(loader, shared);
    }
    store(done, sum);
    if (!more) break;
  }
}

template <Codes kCodes, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm) matmul_wgmma(MatmulArguments in) {
  for_each_tile_wgmma<kCodes, Shape, PlainColumns, Shape::kColumns>(in, [&](const BlockTile& tile, const TileSums<Shape>& sum) {
    store_tile<Shape>(in, tile.rows, tile.input.first_column, sum);
  });
}

}  // namespace evalrun::cuda

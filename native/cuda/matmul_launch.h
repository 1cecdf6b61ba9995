// Launches of tiles of products: the shape that each tile has in each kind of instruction, and the grid.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>

#include "cuda/kernels/matmul_wgmma.cuh"
#include "cuda/matmul.h"

namespace evalrun::cuda {

// All but the grid's.
MatmulArguments matmul_arguments(const Matmul& matmul);
MatmulArguments matmul_arguments(const GatedMatmul& gated);

// What computes a tile: a block of its own, or one of as many as run at once.
enum class Blocks { kOfTiles, kThatRun };
template <class Shape>
constexpr Blocks kBlocksOfWgmma = kWalksTiles<Shape> ? Blocks::kThatRun : Blocks::kOfTiles;

// `columns` of the result, of which a tile has kOutputs.
template <class Shape, Blocks kBlocks, int kOutputs = Shape::kColumns, class Kernel>
void launch_tiles(Context& ctx, const char* name, Kernel kernel, MatmulArguments in, const Matmul& matmul, int64_t columns) {
  in.tile_rows = static_cast<int>(tile_rows_needed(matmul.rows, matmul.experts, Shape::kRows));
  in.tile_columns = static_cast<int>(ceil_div(columns, kOutputs));
  auto blocks = static_cast<unsigned>(in.tile_rows) * static_cast<unsigned>(in.tile_columns);
  if (kBlocks == Blocks::kThatRun) blocks = std::min(blocks, static_cast<unsigned>(ctx.multiprocessors * Shape::kBlocksPerSm));
  launch(ctx, name, kernel, dim3(blocks), dim3(Shape::kThreads), Shape::kSharedBytes, in);
}

[[noreturn]] inline void throw_no_tile(const char* kind, MatmulTile tile, Codes codes) {
  throw std::invalid_argument(std::string("matmul: ") + kind + " has no tile of " + std::to_string(rows_of(tile)) + "x" +
                              std::to_string(columns_of(tile)) + (codes == Codes::kBF16 ? " in bf16" : " in FP8"));
}

// with(shape): rows, columns; of a warp; panels in a stage, stages, blocks on a multiprocessor. Stages hold what the memory's
// latency asks for: 40 KB and more are under way on each multiprocessor. Throws std::invalid_argument where mma has no such tile.
template <Codes kCodes, class With>
void with_mma_shape(MatmulTile tile, const With& with) {
  constexpr bool kWide = kCodes == Codes::kBF16;
  switch (tile) {
    case MatmulTile::k16x16: return with(TileShape<16, 16, 16, 16, 4, 6, 2>());
    case MatmulTile::k16x64: return with(TileShape<16, 64, 16, 16, 2, 5, 2>());
    case MatmulTile::k32x32: return with(TileShape<32, 32, 16, 16, 2, 6, 2>());
    case MatmulTile::k64x64: return with(TileShape<64, 64, 32, 32, 1, 4, 2>());
    case MatmulTile::k128x128:
      // Two blocks of four warps hide each other's waits; FP8's sums are twice as many and fill the registers with one.
      if constexpr (kWide) return with(TileShape<128, 128, 64, 64, 1, 3, 2>());
      else return with(TileShape<128, 128, 32, 64, 1, 4, 1>());
    case MatmulTile::k128x256:
      if constexpr (kWide) return with(TileShape<128, 256, 64, 64, 1, 3, 1>());
      break;
    case MatmulTile::k64x16: break;
  }
  throw_no_tile("mma", tile, kCodes);
}

// with(shape): rows, columns; panels in a stage, stages, blocks on a multiprocessor. A stage is being filled, one or two are being
// read. Throws std::invalid_argument where wgmma has no such tile, or the GPU no wgmma.
template <Codes kCodes, class With>
void with_wgmma_shape(const Context& ctx, MatmulTile tile, const With& with) {
  if (ctx.compute_capability != 90) {
    throw std::invalid_argument("matmul: wgmma is compute capability 9.0's alone, and this GPU has " +
                                std::to_string(ctx.compute_capability / 10) + "." + std::to_string(ctx.compute_capability % 10));
  }
  constexpr bool kWide = kCodes == Codes::kBF16;
  switch (tile) {
    case MatmulTile::k64x16: return with(WgmmaShape<64, 16, 2, 5, 2>());
    case MatmulTile::k64x64: return with(WgmmaShape<64, 64, 1, 6, 2>());
    case MatmulTile::k128x128:
      if constexpr (kWide) return with(WgmmaShape<128, 128, 1, 3, 2>());
      else return with(WgmmaShape<128, 128, 1, 6, 1>());
    case MatmulTile::k128x256: return with(WgmmaShape<128, 256, 1, 4, 1>());
    default: break;
  }
  throw_no_tile("wgmma", tile, kCodes);
}

// matmul_wgmma.cu. Throws as with_wgmma_shape does.
void launch_wgmma(Context& ctx, const MatmulArguments& in, const Matmul& matmul, Precision precision, MatmulTile tile);

}  // namespace evalrun::cuda

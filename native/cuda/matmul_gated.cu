// Launches of matmul_gated: a gated feed-forward's first half in one kernel, in bf16.
#include "cuda/kernels/matmul_gated.cuh"

#include <stdexcept>
#include <string>

#include "cuda/matmul_launch.h"

namespace evalrun::cuda {
namespace {

template <class Shape, class Kernel>
void launch_gated(Context& ctx, const char* name, Kernel kernel, MatmulArguments in, const Matmul& gate) {
  constexpr int kOutputs = Shape::kColumns / 2;
  in.tile_rows = static_cast<int>(tile_rows_needed(gate.rows, gate.experts, Shape::kRows));
  in.tile_columns = static_cast<int>(ceil_div(in.gated_row_bytes / 2, kOutputs));
  const dim3 grid(static_cast<unsigned>(in.tile_rows) * static_cast<unsigned>(in.tile_columns));
  launch(ctx, name, kernel, grid, dim3(Shape::kThreads), Shape::kSharedBytes, in);
}

}  // namespace

void run_matmul_gated(Context& ctx, const Matmul& gate, const Weight& up, const Operand& result, MatmulTile tile) {
  MatmulArguments in = matmul_arguments(gate);
  in.up = static_cast<const unsigned char*>(up.data);
  in.gated = static_cast<unsigned char*>(result.values);
  in.gated_row_bytes = result.row_bytes;
  const auto by_mma = [&](auto shape, const char* name) {
    using Shape = decltype(shape);
    launch_gated<Shape>(ctx, name, matmul_gated<Shape>, in, gate);
  };
  const auto wgmma = [&](auto shape, const char* name) {
    using Shape = decltype(shape);
    launch_gated<Shape>(ctx, name, matmul_gated_wgmma<Shape>, in, gate);
  };
  // The shapes of matmul.cu and matmul_wgmma.cu.
  if (by_wgmma(tile, Precision::kBF16, ctx.wgmma)) {
    switch (tile) {
      case MatmulTile::k64x16: return wgmma(WgmmaShape<64, 16, 2, 5, 2>(), "matmul_gated wgmma 64x16");
      case MatmulTile::k64x64: return wgmma(WgmmaShape<64, 64, 1, 6, 2>(), "matmul_gated wgmma 64x64");
      case MatmulTile::k128x128: return wgmma(WgmmaShape<128, 128, 1, 3, 2>(), "matmul_gated wgmma 128x128");
      case MatmulTile::k128x256: return wgmma(WgmmaShape<128, 256, 1, 4, 1>(), "matmul_gated wgmma 128x256");
      default: break;
    }
  } else {
    switch (tile) {
      case MatmulTile::k16x16: return by_mma(TileShape<16, 16, 16, 16, 4, 6, 2>(), "matmul_gated 16x16");
      case MatmulTile::k16x64: return by_mma(TileShape<16, 64, 16, 16, 2, 5, 2>(), "matmul_gated 16x64");
      case MatmulTile::k32x32: return by_mma(TileShape<32, 32, 16, 16, 2, 6, 2>(), "matmul_gated 32x32");
      case MatmulTile::k64x64: return by_mma(TileShape<64, 64, 32, 32, 1, 4, 2>(), "matmul_gated 64x64");
      case MatmulTile::k128x128: return by_mma(TileShape<128, 128, 64, 64, 1, 3, 2>(), "matmul_gated 128x128");
      case MatmulTile::k128x256: return by_mma(TileShape<128, 256, 64, 64, 1, 3, 1>(), "matmul_gated 128x256");
      default: break;
    }
  }
  throw std::invalid_argument("matmul_gated: there is no tile of " + std::to_string(rows_of(tile)) + "x" + std::to_string(columns_of(tile)));
}

}  // namespace evalrun::cuda

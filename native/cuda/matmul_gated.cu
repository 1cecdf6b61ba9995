// Launches of matmul_gated: a gated feed-forward's first half in one kernel, in bf16, and of large tiles of wgmma in FP8.
#include "cuda/kernels/matmul_gated.cuh"
#include "cuda/kernels/matmul_gated_codes.cuh"

#include "cuda/matmul_launch.h"

namespace evalrun::cuda {
namespace {

// By MatmulTile.
constexpr const char* kMmaNames[kMatmulTiles] = {"matmul_gated 16x16",   "matmul_gated 16x64",   "matmul_gated 32x32", "matmul_gated 64x64",
                                                 "matmul_gated 128x128", "matmul_gated 128x256", "matmul_gated 64x16"};
constexpr const char* kWgmmaNames[kMatmulTiles] = {"matmul_gated wgmma 16x16",   "matmul_gated wgmma 16x64",   "matmul_gated wgmma 32x32",
                                                   "matmul_gated wgmma 64x64",   "matmul_gated wgmma 128x128", "matmul_gated wgmma 128x256",
                                                   "matmul_gated wgmma 64x16"};

}  // namespace

MatmulArguments matmul_arguments(const GatedMatmul& gated) {
  MatmulArguments in = matmul_arguments(gated.gate);
  in.up = static_cast<const unsigned char*>(gated.up.data);
  in.up_scale = gated.up.scale;
  in.gated = static_cast<unsigned char*>(gated.result.values);
  in.gated_scale = gated.result.scales;
  in.gated_row_bytes = gated.result.row_bytes;
  return in;
}

void run_matmul_gated(Context& ctx, const GatedMatmul& gated, MatmulTile tile) {
  const MatmulArguments in = matmul_arguments(gated);
  const Matmul& gate = gated.gate;
  if (gate.x.key.precision == Precision::kFP8) {
    if (!leaves_codes_of_gated(tile, ctx.wgmma)) throw_no_tile("matmul_gated", tile, Codes::kE4M3);
    with_wgmma_shape<Codes::kE4M3>(ctx, tile, [&](auto shape) {
      using Shape = decltype(shape);
      if constexpr (Shape::kColumns == 2 * kQuantBlock) {
        const char* name = "matmul_gated_codes wgmma 128x256";
        launch_tiles<Shape, kBlocksOfWgmma<Shape>, kQuantBlock>(ctx, name, matmul_gated_codes_wgmma<Shape>, in, gate, in.gated_row_bytes);
      }
    });
    return;
  }
  const int64_t columns = in.gated_row_bytes / 2;
  if (by_wgmma(tile, Precision::kBF16, ctx.wgmma)) {
    with_wgmma_shape<Codes::kBF16>(ctx, tile, [&](auto shape) {
      using Shape = decltype(shape);
      launch_tiles<Shape, kBlocksOfWgmma<Shape>, Shape::kColumns / 2>(ctx, kWgmmaNames[static_cast<int>(tile)], matmul_gated_wgmma<Shape>, in, gate, columns);
    });
  } else {
    with_mma_shape<Codes::kBF16>(tile, [&](auto shape) {
      using Shape = decltype(shape);
      launch_tiles<Shape, Blocks::kOfTiles, Shape::kColumns / 2>(ctx, kMmaNames[static_cast<int>(tile)], matmul_gated<Shape>, in, gate, columns);
    });
  }
}

}  // namespace evalrun::cuda

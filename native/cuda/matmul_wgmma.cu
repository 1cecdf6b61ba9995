// Launches of the products by wgmma: compute capability 9.0.
#include <optional>
#include <string>

#include "cuda/kernels/matmul_wgmma.cuh"
#include "cuda/matmul_launch.h"

namespace evalrun::cuda {
namespace {

// By MatmulTile.
constexpr const char* kNames[kMatmulTiles] = {"matmul wgmma 16x16",   "matmul wgmma 16x64",   "matmul wgmma 32x32", "matmul wgmma 64x64",
                                              "matmul wgmma 128x128", "matmul wgmma 128x256", "matmul wgmma 64x16"};

template <Codes kCodes>
void launch_codes(Context& ctx, const MatmulArguments& in, const Matmul& matmul, MatmulTile tile) {
  with_wgmma_shape<kCodes>(ctx, tile, [&](auto shape) {
    using Shape = decltype(shape);
    launch_tiles<Shape>(ctx, kNames[static_cast<int>(tile)], matmul_wgmma<kCodes, Shape>, in, matmul, in.columns);
  });
}

}  // namespace

void launch_wgmma(Context& ctx, const MatmulArguments& in, const Matmul& matmul, Precision precision, MatmulTile tile) {
  if (precision == Precision::kFP8) {
    launch_codes<Codes::kE4M3>(ctx, in, matmul, tile);
  } else {
    launch_codes<Codes::kBF16>(ctx, in, matmul, tile);
  }
}

Wgmma wgmma_asked(int compute_capability) {
  const std::optional<bool> asked = switch_of("EVALRUN_CUDA_WGMMA");
  if (!asked.has_value()) return compute_capability == 90 ? Wgmma::kLargeBf16 : Wgmma::kNever;
  if (!*asked) return Wgmma::kNever;
  if (compute_capability != 90) {
    throw CudaError("EVALRUN_CUDA_WGMMA=1 needs a GPU of compute capability 9.0, and this one has " +
                    std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10) + "; unset it");
  }
  return Wgmma::kAlways;
}

}  // namespace evalrun::cuda

// Launches of the products by wgmma: compute capability 9.0.
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "cuda/kernels/matmul_wgmma.cuh"
#include "cuda/matmul_launch.h"

namespace evalrun::cuda {
namespace {

// Rows, columns; panels in a stage, stages, blocks on a multiprocessor. A stage is being filled, one or two are being read.
template <Codes kCodes>
void launch_codes(Context& ctx, const MatmulArguments& in, const Matmul& matmul, MatmulTile tile) {
  const auto with = [&](auto shape, const char* name) {
    using Shape = decltype(shape);
    launch_tiles<Shape>(ctx, name, matmul_wgmma<kCodes, Shape>, in, matmul);
  };
  constexpr bool kBf16 = kCodes == Codes::kBF16;
  switch (tile) {
    case MatmulTile::k64x16: return with(WgmmaShape<64, 16, 2, 5, 2>(), "matmul wgmma 64x16");
    case MatmulTile::k64x64: return with(WgmmaShape<64, 64, 1, 6, 2>(), "matmul wgmma 64x64");
    case MatmulTile::k128x128:
      if constexpr (kBf16) return with(WgmmaShape<128, 128, 1, 3, 2>(), "matmul wgmma 128x128");
      else return with(WgmmaShape<128, 128, 1, 4, 1>(), "matmul wgmma 128x128");
    case MatmulTile::k128x256:
      if constexpr (kBf16) return with(WgmmaShape<128, 256, 1, 4, 1>(), "matmul wgmma 128x256");
      break;
    default: break;
  }
  throw std::invalid_argument("matmul: wgmma has no tile of " + std::to_string(rows_of(tile)) + "x" + std::to_string(columns_of(tile)) +
                              (kBf16 ? " in bf16" : " in FP8"));
}

}  // namespace

void launch_wgmma(Context& ctx, const MatmulArguments& in, const Matmul& matmul, Precision precision, MatmulTile tile) {
  if (ctx.compute_capability != 90) {
    throw std::invalid_argument("matmul: wgmma is compute capability 9.0's alone, and this GPU has " +
                                std::to_string(ctx.compute_capability / 10) + "." + std::to_string(ctx.compute_capability % 10));
  }
  if (precision == Precision::kFP8) {
    launch_codes<Codes::kE4M3>(ctx, in, matmul, tile);
  } else {
    launch_codes<Codes::kBF16>(ctx, in, matmul, tile);
  }
}

Wgmma wgmma_asked(int compute_capability) {
  const char* text = std::getenv("EVALRUN_CUDA_WGMMA");
  if (text == nullptr || std::strcmp(text, "") == 0) return compute_capability == 90 ? Wgmma::kLargeBf16 : Wgmma::kNever;
  if (std::strcmp(text, "0") == 0) return Wgmma::kNever;
  if (std::strcmp(text, "1") != 0) throw CudaError(std::string("EVALRUN_CUDA_WGMMA is \"") + text + "\"; it may be 0 or 1");
  if (compute_capability != 90) {
    throw CudaError("EVALRUN_CUDA_WGMMA=1 needs a GPU of compute capability 9.0, and this one has " +
                    std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10) + "; unset it");
  }
  return Wgmma::kAlways;
}

}  // namespace evalrun::cuda

// Launches of the products by wgmma: compute capability 9.0.
#include <optional>
#include <string>

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
    launch_tiles<Shape, kBlocksOfWgmma<Shape>>(ctx, kNames[static_cast<int>(tile)], matmul_wgmma<kCodes, Shape>, in, matmul, in.columns);
  });
}

// What a switch of wgmma says; null where it is not set. Throws CudaError where it asks a GPU for what it does not have.
std::optional<bool> asked_for(const char* variable, int compute_capability) {
  const std::optional<bool> asked = switch_of(variable);
  if (asked.value_or(false) && compute_capability != 90) {
    throw CudaError(std::string(variable) + "=1 needs a GPU of compute capability 9.0, and this one has " +
                    std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10) + "; unset it");
  }
  return asked;
}

}  // namespace

void launch_wgmma(Context& ctx, const MatmulArguments& in, const Matmul& matmul, Precision precision, MatmulTile tile) {
  if (precision == Precision::kFP8) {
    launch_codes<Codes::kE4M3>(ctx, in, matmul, tile);
  } else {
    launch_codes<Codes::kBF16>(ctx, in, matmul, tile);
  }
}

Wgmma wgmma_asked(int compute_capability, bool short_fp8_sums) {
  const std::optional<bool> asked = asked_for("EVALRUN_CUDA_WGMMA", compute_capability);
  if (!asked.has_value()) {
    if (compute_capability != 90) return Wgmma::kNever;
    return short_fp8_sums ? Wgmma::kFp8AndLargeBf16 : Wgmma::kLargeBf16;
  }
  return *asked ? Wgmma::kAlways : Wgmma::kNever;
}

WgmmaAttention wgmma_attention_asked(int compute_capability, Wgmma products) {
  const std::optional<bool> asked = asked_for("EVALRUN_CUDA_WGMMA_ATTENTION", compute_capability);
  if (!asked.has_value()) return products == Wgmma::kNever ? WgmmaAttention::kNever : WgmmaAttention::kIfSame;
  return *asked ? WgmmaAttention::kAlways : WgmmaAttention::kNever;
}

}  // namespace evalrun::cuda

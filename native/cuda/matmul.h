// Products on the matrix units: what LinearOp and GroupedLinearOp come down to, and the choice of tiles.
#pragma once
#include <vector>

#include "cuda/context.h"
#include "ops/ops.h"

namespace evalrun::cuda {

struct Matmul {
  Operand x;
  Weight weight;  // the first expert's
  const float* bias = nullptr;
  float* y = nullptr;
  int64_t y_stride = 0;
  int rows = 0;  // of y: slots, with experts
  // With experts (0: dense). Those after the first follow at equal distances, weights in bytes, scales in floats.
  int experts = 0;
  int64_t weight_step = 0;
  int64_t scale_step = 0;
  const int32_t* offsets = nullptr;
  const int32_t* order = nullptr;  // null: slot j multiplies row j
  int per_token = 1;
};

// Rows x columns of y that a block computes. In bf16 all give the same bits, by mma.sync and by wgmma (a GPU's answer, which the tests
// ask for again); in FP8 all of one kind do. FP8 has k128x256 by wgmma alone: mma needs twice the sums. wgmma has those from k64x64 on,
// and k64x16 in place of the smaller ones.
enum class MatmulTile : uint8_t { k16x16, k16x64, k32x32, k64x64, k128x128, k128x256, k64x16 };
constexpr int kMatmulTiles = 7;
constexpr int rows_of(MatmulTile tile) {
  constexpr int kRows[kMatmulTiles] = {16, 16, 32, 64, 128, 128, 64};
  return kRows[static_cast<int>(tile)];
}
constexpr int columns_of(MatmulTile tile) {
  constexpr int kColumns[kMatmulTiles] = {16, 64, 32, 64, 128, 256, 16};
  return kColumns[static_cast<int>(tile)];
}

// Tiles of this height that `rows` rows need: exactly, or at most that many where `experts` share them in any way.
int64_t tile_rows_needed(int rows, int experts, int height);
bool has_tile(MatmulTile tile, Precision precision, Wgmma wgmma);
// Whether a product with this tile is made by wgmma.
inline bool by_wgmma(MatmulTile tile, Precision precision, Wgmma wgmma) {
  if (precision == Precision::kFP8) return fp8_by_wgmma(wgmma);
  return wgmma == Wgmma::kAlways || (large_bf16_by_wgmma(wgmma) && rows_of(tile) >= 64);
}
// The tile with the least estimated time on so many multiprocessors; depends on sizes alone.
MatmulTile choose_tile(Precision precision, int rows, int experts, int64_t columns, int multiprocessors, Wgmma wgmma = Wgmma::kNever);

// kLargeBf16 where the GPU has wgmma, with FP8 where its sums may have fewer bits, unless EVALRUN_CUDA_WGMMA is 0 (kNever) or 1 (kAlways).
// Throws CudaError where it is something else, or 1 and the GPU has none.
Wgmma wgmma_asked(int compute_capability, bool short_fp8_sums = false);
// kIfSame where products are made by wgmma, unless EVALRUN_CUDA_WGMMA_ATTENTION is 0 (kNever) or 1 (kAlways). Throws CudaError as
// wgmma_asked does.
WgmmaAttention wgmma_attention_asked(int compute_capability, Wgmma products);
// The kind of products in a run's provenance.
inline const char* kind_of_products(const Context& ctx, Precision precision) {
  return (precision == Precision::kFP8 ? fp8_by_wgmma(ctx.wgmma) : large_bf16_by_wgmma(ctx.wgmma)) ? "wgmma" : "mma";
}

// The converted activations of a product with this weight. Throws std::invalid_argument where the weight's dtype does
// not go with the precision, or its rows do not begin at multiples of kRowBytes.
Operand operand_for(Context& ctx, const float* x, int64_t x_stride, int rows, const Weight& weight,
                    Precision precision);

void run_matmul(Context& ctx, const Matmul& matmul, MatmulTile tile);
// matmul_gated.cu: operands, in bfloat16 or FP8, of silu(gate's product) * up's product; gate.y is not written. In FP8 both weights'
// experts are as far from one another, and leaves_codes_of_gated(tile) has to say yes.
struct GatedMatmul {
  Matmul gate;
  Weight up;
  Operand result;
};
// One group of scales is a tile's outputs.
inline bool leaves_codes_of_gated(MatmulTile tile, Wgmma wgmma) { return tile == MatmulTile::k128x256 && fp8_by_wgmma(wgmma); }
void run_matmul_gated(Context& ctx, const GatedMatmul& gated, MatmulTile tile);

// joined_matmul.cu: two to kMostJoined products of one precision in one launch, none of which reads what another writes.
constexpr int kMostJoined = 4;
// Only a kind's small tiles: with larger ones a product fills the GPU by itself. In bf16 those of mma alone.
inline bool can_join(MatmulTile tile, Precision precision, Wgmma wgmma) {
  const bool short_sums = precision == Precision::kFP8 && fp8_by_wgmma(wgmma);
  const bool small = short_sums ? tile == MatmulTile::k64x16 || tile == MatmulTile::k64x64
                                : tile == MatmulTile::k16x16 || tile == MatmulTile::k16x64;
  return small && has_tile(tile, precision, wgmma);
}
void run_joined(Context& ctx, const std::vector<Matmul>& products, MatmulTile tile);
void run_joined_gated(Context& ctx, const std::vector<GatedMatmul>& products, MatmulTile tile);
// GroupedLinearOp as a product.
Matmul grouped_matmul(Context& ctx, const GroupedLinearOp& op);
// GroupedLinearOp in bf16 or FP8, with the tile of the caller's choice (for tests).
void run_grouped(Context& ctx, const GroupedLinearOp& op, MatmulTile tile);
// LinearOp as a product, in bf16 or FP8.
Matmul dense_matmul(Context& ctx, const LinearOp& op);
// The fused forms of gated_linear.cpp, likewise; their weights have the same layout.
void run_gated(Context& ctx, const GatedLinearOp& op, MatmulTile tile);
void run_gated(Context& ctx, const GroupedGatedLinearOp& op, MatmulTile tile);

}  // namespace evalrun::cuda

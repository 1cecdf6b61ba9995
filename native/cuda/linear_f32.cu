// Precision::kF32 of LinearOp and GroupedLinearOp.
#include "cuda/linear_f32.h"

#include <algorithm>
#include <stdexcept>

#include "cuda/f32_product.h"

namespace evalrun::cuda {
namespace {

// Tiles of R rows that `rows` rows can make at most, spread over experts in any way.
int64_t most_tiles(const F32Product& p, int rows_per_tile) {
  if (p.offsets == nullptr) return ceil_div(p.rows, rows_per_tile);
  return p.rows / rows_per_tile + std::min(p.experts, p.rows);
}

template <DType kType>
const char* launch_type(Context& ctx, const F32Product& p) {
  // The choice is one of speed alone. Skinny tiles read the weights again for every four rows, but there are enough of them to
  // keep the device busy when there are few rows or few outputs.
  const int64_t tiles = ceil_div(p.rows, kTile) * ceil_div(p.outputs, kTile);
  const int rows_per_weight = p.offsets == nullptr ? p.rows : p.rows / p.experts;
  const bool skinny = rows_per_weight <= 16 || tiles < ctx.multiprocessors / 4;
  if (skinny) {
    const dim3 grid(static_cast<unsigned>(most_tiles(p, kSkinnyRows)),
                    static_cast<unsigned>(ceil_div(p.outputs, kSkinnyOutputs)));
    launch(ctx, "linear_f32_skinny", linear_f32_skinny<kType>, grid, dim3(kSkinnyWarps * kWarp), kSkinnyShared, p);
    return "f32-skinny";
  }
  const auto launch_tiled = [&](auto kernel, int height, int groups, int shared_bytes) {
    const dim3 grid(static_cast<unsigned>(most_tiles(p, height)), static_cast<unsigned>(ceil_div(p.outputs, kTile)));
    launch(ctx, "linear_f32_tiled", kernel, grid, dim3(static_cast<unsigned>(groups * kTiledThreads)), shared_bytes, p);
  };
  // A router has so few outputs that a block's own threads have to hide its waits.
  constexpr int kGroups = 4;
  if (tiles < 4 * ctx.multiprocessors) {
    launch_tiled(linear_f32_tiled<kType, kTile / 2, kGroups>, kTile / 2, kGroups, tiled_shared_bytes<kTile / 2, kGroups>());
  } else {
    launch_tiled(linear_f32_tiled<kType, kTile, 1>, kTile, 1, tiled_shared_bytes<kTile, 1>());
  }
  return "f32-tiled";
}

const char* launch_product(Context& ctx, const F32Product& p, DType dtype, Precision precision) {
  if (p.rows == 0) return "none";
  if (precision == Precision::kF32 && aligned_16(p.weight) && p.weight_stride % kGroup == 0) {
    if (dtype == DType::kF32) return launch_type<DType::kF32>(ctx, p);
    if (dtype == DType::kBF16) return launch_type<DType::kBF16>(ctx, p);
    if (dtype == DType::kF16) return launch_type<DType::kF16>(ctx, p);
  }
  throw std::invalid_argument("linear_f32: float32 precision and weights of float32, bfloat16 or float16 in padded rows expected");
}

}  // namespace

F32Product f32_product(const LinearOp& op) {
  const Weight& w = op.weight;
  F32Product p{};
  p.x = op.x;
  p.x_stride = op.x_stride;
  p.wide_x = wide_rows(op.x, op.x_stride, w.columns);
  p.wide_y = wide_rows(op.y, op.y_stride, w.rows);
  p.weight = w.data;
  p.weight_stride = w.row_stride();
  p.outputs = static_cast<int>(w.rows);
  p.columns = static_cast<int>(w.columns);
  p.bias = op.bias;
  p.rows = op.rows;
  p.y = op.y;
  p.y_stride = op.y_stride;
  return p;
}

const char* run_f32(Context& ctx, const LinearOp& op) { return launch_product(ctx, f32_product(op), op.weight.dtype, op.precision); }

const char* run_f32(Context& ctx, const GroupedLinearOp& op) {
  const Weight& w = op.weights[0];
  F32Product p{};
  p.x = op.x;
  p.x_stride = w.columns;
  p.wide_x = wide_rows(op.x, w.columns, w.columns);
  p.wide_y = wide_rows(op.y, w.rows, w.rows);
  p.weight = w.data;
  p.weight_stride = w.row_stride();
  p.expert_bytes = op.experts > 1 ? static_cast<const char*>(op.weights[1].data) - static_cast<const char*>(w.data) : 0;
  p.outputs = static_cast<int>(w.rows);
  p.columns = static_cast<int>(w.columns);
  p.rows = op.slots;
  p.y = op.y;
  p.y_stride = w.rows;
  p.offsets = op.offsets;
  p.experts = op.experts;
  p.order = op.gather ? op.order : nullptr;
  p.experts_per_token = op.experts_per_token;
  return launch_product(ctx, p, w.dtype, op.precision);
}

}  // namespace evalrun::cuda

// Launches of the matrix products, with one instance of the kernel for each shape of tile.
#include "cuda/matmul.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "cuda/linear_operand.h"
#include "cuda/matmul_launch.h"

namespace evalrun::cuda {

// Launches are told apart by the bytes of their arguments.
static_assert(std::has_unique_object_representations_v<MatmulArguments>);

namespace {

// Clocks that a multiprocessor of an H200 spends on a panel of a tile, by MatmulTile, where others' tiles run beside it: fitted to
// `evalrun_gpu_check products` (see bench/results). They only choose between tiles.
constexpr int kClocksBf16[kMatmulTiles] = {170, 426, 341, 450, 1130, 2350, 0};
constexpr int kClocksFp8[kMatmulTiles] = {280, 540, 400, 670, 2850, 0, 0};
constexpr int kClocksWgmmaBf16[kMatmulTiles] = {0, 0, 0, 450, 1050, 1400, 230};
constexpr int kClocksWgmmaFp8[kMatmulTiles] = {0, 0, 0, 490, 1260, 1700, 270};  // 128x256: an estimate
// mma's small tiles beside wgmma's large ones: by_wgmma.
constexpr int kClocksBothBf16[kMatmulTiles] = {170, 426, 341, 450, 0, 1400, 200};

const int* clocks_of(Precision precision, Wgmma wgmma) {
  if (precision == Precision::kFP8) return fp8_by_wgmma(wgmma) ? kClocksWgmmaFp8 : kClocksFp8;
  if (wgmma == Wgmma::kAlways) return kClocksWgmmaBf16;
  return large_bf16_by_wgmma(wgmma) ? kClocksBothBf16 : kClocksBf16;
}

// By MatmulTile.
constexpr const char* kNames[kMatmulTiles] = {"matmul 16x16",   "matmul 16x64",   "matmul 32x32", "matmul 64x64",
                                              "matmul 128x128", "matmul 128x256", "matmul 64x16"};

template <Codes kCodes>
void launch_mma(Context& ctx, const MatmulArguments& in, const Matmul& product, MatmulTile tile) {
  with_mma_shape<kCodes>(tile, [&](auto shape) {
    using Shape = decltype(shape);
    launch_tiles<Shape, Blocks::kOfTiles>(ctx, kNames[static_cast<int>(tile)], matmul<kCodes, Shape>, in, product, in.columns);
  });
}

}  // namespace

int64_t tile_rows_needed(int rows, int experts, int height) {
  if (experts == 0) return ceil_div(rows, height);
  // An expert with n > 0 rows needs 1 + floor((n - 1) / height) tiles; the sum is largest when as many as possible have
  // rows.
  const int used = std::min(experts, rows);
  return used + (rows - used) / height;
}

bool has_tile(MatmulTile tile, Precision precision, Wgmma wgmma) { return clocks_of(precision, wgmma)[static_cast<int>(tile)] != 0; }

MatmulTile choose_tile(Precision precision, int rows, int experts, int64_t columns, int multiprocessors, Wgmma wgmma) {
  const int* clocks = clocks_of(precision, wgmma);
  // What a tile reads of the weights is most of its work where its rows are few, and low tiles have more copies under way: higher ones
  // than these have been slower. wgmma has none lower than 64.
  const bool only_wgmma = precision == Precision::kFP8 ? fp8_by_wgmma(wgmma) : wgmma == Wgmma::kAlways;
  const int highest = std::max(only_wgmma ? 64 : 16, 4 * (experts == 0 ? rows : rows / std::min(rows, experts)));
  int best = -1;
  int64_t least = INT64_MAX;
  for (int i = 0; i < kMatmulTiles; ++i) {
    const auto tile = static_cast<MatmulTile>(i);
    if (clocks[i] == 0 || rows_of(tile) > highest) continue;
    const int64_t tiles = tile_rows_needed(rows, experts, rows_of(tile)) * ceil_div(columns, columns_of(tile));
    const int64_t time = ceil_div(tiles, multiprocessors) * clocks[i];
    if (time < least) {
      least = time;
      best = i;
    }
  }
  return static_cast<MatmulTile>(best);
}

Operand operand_for(Context& ctx, const float* x, int64_t x_stride, int rows, const Weight& weight,
                    Precision precision) {
  const bool fp8 = precision == Precision::kFP8;
  if (weight.dtype != (fp8 ? DType::kF8E4M3 : DType::kBF16)) {
    throw std::invalid_argument(fp8 ? "matmul: an fp8 product needs a weight in e4m3"
                                    : "matmul: a bf16 product needs a weight in bf16");
  }
  const int64_t row_bytes = weight.row_stride() * (fp8 ? 1 : 2);
  if (row_bytes % kRowBytes != 0 || reinterpret_cast<uintptr_t>(weight.data) % 16 != 0) {
    throw std::invalid_argument("matmul: rows of the weight are " + std::to_string(row_bytes) +
                                " bytes apart, expected multiples of " + std::to_string(kRowBytes) +
                                " from an aligned address on; upload it with Weight::stride");
  }
  return linear_operand(ctx, {x, x_stride, rows, weight.columns, precision});
}

MatmulArguments matmul_arguments(const Matmul& matmul) {
  const Weight& weight = matmul.weight;
  const bool fp8 = matmul.x.key.precision == Precision::kFP8;
  MatmulArguments in{};
  in.a = static_cast<const unsigned char*>(matmul.x.values);
  in.a_row_bytes = matmul.x.row_bytes;
  in.a_scale = matmul.x.scales;
  in.w = static_cast<const unsigned char*>(weight.data);
  in.w_row_bytes = weight.row_stride() * (fp8 ? 1 : 2);
  in.w_expert_bytes = matmul.weight_step;
  in.w_scale = weight.scale;
  in.w_scale_expert = matmul.scale_step;
  in.bias = matmul.bias;
  in.y = matmul.y;
  in.y_stride = matmul.y_stride;
  in.rows = matmul.rows;
  in.columns = static_cast<int>(weight.rows);
  in.panels = static_cast<int>(matmul.x.row_bytes / kRowBytes);
  // Kernels count a row's scales in 32 bits.
  if (fp8 && int64_t{matmul.x.key.rows} * in.panels > INT32_MAX) {
    throw std::invalid_argument("matmul: activations have more than 2^31 scales");
  }
  in.experts = matmul.experts;
  in.offsets = matmul.offsets;
  in.order = matmul.order;
  in.per_token = matmul.per_token;
  const auto together = [&](int columns) {
    return in.columns % columns == 0 && matmul.y_stride % columns == 0 && reinterpret_cast<uintptr_t>(matmul.y) % (4 * columns) == 0;
  };
  in.stored_columns = together(4) ? 4 : together(2) ? 2 : 1;
  return in;
}

void run_matmul(Context& ctx, const Matmul& matmul, MatmulTile tile) {
  const MatmulArguments in = matmul_arguments(matmul);
  const bool fp8 = matmul.x.key.precision == Precision::kFP8;
  if (by_wgmma(tile, matmul.x.key.precision, ctx.wgmma)) {
    launch_wgmma(ctx, in, matmul, matmul.x.key.precision, tile);
  } else if (fp8) {
    launch_mma<Codes::kE4M3>(ctx, in, matmul, tile);
  } else {
    launch_mma<Codes::kBF16>(ctx, in, matmul, tile);
  }
}

}  // namespace evalrun::cuda

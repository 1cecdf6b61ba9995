// Launches of products side by side.
#include "cuda/kernels/joined_matmul.cuh"

#include <climits>

#include "cuda/matmul_launch.h"

namespace evalrun::cuda {

// Launches are told apart by the bytes of their arguments.
static_assert(std::has_unique_object_representations_v<JoinedMatmuls>);

namespace {

// What a product is launched with, and the columns of its result.
struct Joined {
  MatmulArguments in;
  int64_t columns;
};

// with(shape) for a tile that can_join().
template <Codes kCodes, class With>
void with_small_shape(MatmulTile tile, const With& with) {
  with_mma_shape<kCodes>(tile, [&](auto shape) {
    using Shape = decltype(shape);
    if constexpr (Shape::kRows == 16) with(shape);
    else throw_no_tile("a launch of several products", tile, kCodes);
  });
}

template <class Shape, int kOutputs, class Kernel>
void launch_joined(Context& ctx, const char* name, Kernel kernel, const std::vector<Joined>& products) {
  if (products.size() > kMostJoined) throw std::invalid_argument("matmul: more products than fit in a launch");
  JoinedMatmuls all{};
  int blocks = 0;
  for (int i = 0; i < kMostJoined; ++i) {
    const bool exists = i < static_cast<int>(products.size());
    all.first_block[i] = exists ? blocks : INT_MAX;
    if (!exists) continue;
    MatmulArguments& in = all.product[i] = products[i].in;
    in.tile_rows = static_cast<int>(tile_rows_needed(in.rows, in.experts, Shape::kRows));
    in.tile_columns = static_cast<int>(ceil_div(products[i].columns, kOutputs));
    blocks += in.tile_rows * in.tile_columns;
  }
  launch(ctx, name, kernel, dim3(static_cast<unsigned>(blocks)), dim3(Shape::kThreads), Shape::kSharedBytes, all);
}

template <Codes kCodes>
void launch_plain(Context& ctx, const std::vector<Joined>& products, MatmulTile tile) {
  with_small_shape<kCodes>(tile, [&](auto shape) {
    using Shape = decltype(shape);
    launch_joined<Shape, Shape::kColumns>(ctx, Shape::kColumns == 16 ? "joined_matmul 16x16" : "joined_matmul 16x64",
                                          joined_matmul<kCodes, Shape>, products);
  });
}

// FP8 by wgmma.
void launch_short_sums(Context& ctx, const std::vector<Joined>& products, MatmulTile tile) {
  with_wgmma_shape<Codes::kE4M3>(ctx, tile, [&](auto shape) {
    using Shape = decltype(shape);
    if constexpr (Shape::kRows == kWgmmaRows) {
      launch_joined<Shape, Shape::kColumns>(ctx, Shape::kColumns == 16 ? "joined_matmul wgmma 64x16" : "joined_matmul wgmma 64x64",
                                            joined_matmul_wgmma<Codes::kE4M3, Shape>, products);
    } else {
      throw_no_tile("a launch of several products", tile, Codes::kE4M3);
    }
  });
}

}  // namespace

void run_joined(Context& ctx, const std::vector<Matmul>& products, MatmulTile tile) {
  std::vector<Joined> joined;
  for (const Matmul& product : products) joined.push_back({matmul_arguments(product), product.weight.rows});
  const bool fp8 = products.at(0).x.key.precision == Precision::kFP8;
  if (fp8 && fp8_by_wgmma(ctx.wgmma)) launch_short_sums(ctx, joined, tile);
  else if (fp8) launch_plain<Codes::kE4M3>(ctx, joined, tile);
  else launch_plain<Codes::kBF16>(ctx, joined, tile);
}

void run_joined_gated(Context& ctx, const std::vector<GatedMatmul>& products, MatmulTile tile) {
  std::vector<Joined> joined;
  for (const GatedMatmul& product : products) joined.push_back({matmul_arguments(product), product.result.row_bytes / 2});
  with_small_shape<Codes::kBF16>(tile, [&](auto shape) {
    using Shape = decltype(shape);
    launch_joined<Shape, Shape::kColumns / 2>(ctx, Shape::kColumns == 16 ? "joined_matmul_gated 16x16" : "joined_matmul_gated 16x64",
                                              joined_matmul_gated<Shape>, joined);
  });
}

}  // namespace evalrun::cuda

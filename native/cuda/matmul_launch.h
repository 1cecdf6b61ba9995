// The two kinds of matrix products: run_matmul's arguments, launched with a tile of one kind.
#pragma once
#include "cuda/kernels/matmul.cuh"
#include "cuda/matmul.h"

namespace evalrun::cuda {

// All but the grid's and, of matmul_gated, the up product's and the result's.
MatmulArguments matmul_arguments(const Matmul& matmul);

template <class Shape, class Kernel>
void launch_tiles(Context& ctx, const char* name, Kernel kernel, MatmulArguments in, const Matmul& matmul) {
  in.tile_rows = static_cast<int>(tile_rows_needed(matmul.rows, matmul.experts, Shape::kRows));
  in.tile_columns = static_cast<int>(ceil_div(in.columns, Shape::kColumns));
  const dim3 grid(static_cast<unsigned>(in.tile_rows) * static_cast<unsigned>(in.tile_columns));
  launch(ctx, name, kernel, grid, dim3(Shape::kThreads), Shape::kSharedBytes, in);
}

// matmul_wgmma.cu. Throws std::invalid_argument where wgmma has no such tile.
void launch_wgmma(Context& ctx, const MatmulArguments& in, const Matmul& matmul, Precision precision, MatmulTile tile);

}  // namespace evalrun::cuda

// expand_latent of bfloat16 by wgmma: 128 rows (two pages) by 256 columns to a block. For ranks of whole panels.
#pragma once
#include "cuda/kernels/latent_expand.cuh"
#include "cuda/kernels/wgmma_tile.cuh"

namespace evalrun::cuda {

// Rows of the cache that a tile takes: slot by slot, of each its page's.
struct PageRows {
  const ExpandArguments& expand;
  int first, end;

  __device__ int source(int row) const { return expand.page(row / kPageTokens) * kPageTokens + row % kPageTokens; }
};

using ExpandWgmmaShape = WgmmaShape<kExpandTile, 256, 1, 4, 1>;
constexpr int kExpandWgmmaPitch = ExpandWgmmaShape::kColumns + kRowPadding;
static_assert(kExpandTile * kExpandWgmmaPitch * 2 <= ExpandWgmmaShape::kSharedBytes && ExpandWgmmaShape::kThreads == 256);

__global__ void __launch_bounds__(ExpandWgmmaShape::kThreads, ExpandWgmmaShape::kBlocksPerSm) expand_latent_wgmma(ExpandArguments a) {
  begin_kernel();
  using Shape = ExpandWgmmaShape;
  const int first_column = static_cast<int>(blockIdx.x) * Shape::kColumns;
  const int first_slot = static_cast<int>(blockIdx.y) * (kExpandTile / kPageTokens);
  TileInput in{};
  in.a = reinterpret_cast<const unsigned char*>(a.latents.data);
  in.a_row_bytes = int64_t{a.latents.row_stride} * 2;
  in.w = reinterpret_cast<const unsigned char*>(a.weight + first_column * a.weight_stride);
  in.w_row_bytes = a.weight_stride * 2;
  in.w_rows = a.heads * (a.nope_dim + a.v_dim) - first_column;
  in.panels = a.rank * 2 / kPanelRowBytes;
  const PageRows rows{a, first_slot * kPageTokens, a.slots * kPageTokens};
  const TileLoader<Shape> loader(in, rows);
  TileSums<Shape> sum;
  multiply_tile_wgmma<Codes::kBF16, Shape>(in, {rows.first, rows.end, nullptr, 1}, loader, shared_memory(), sum);
  __syncthreads();  // nobody reads operands, and the tile takes their place
  uint16_t* shared = reinterpret_cast<uint16_t*>(shared_memory());
  const LanePlace<Shape> place;
#pragma unroll
  for (int j = 0; j < Shape::kAcross; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      *reinterpret_cast<uint32_t*>(shared + (place.first_row + half * 8) * kExpandWgmmaPitch + place.first_column + j * 8) =
          pack_bf16(sum[0][j][half * 2], sum[0][j][half * 2 + 1]);
    }
  }
  __syncthreads();
  store_expanded<kOnePart, Shape::kColumns, kExpandWgmmaPitch>(a, shared, first_slot, first_column);
}

}  // namespace evalrun::cuda

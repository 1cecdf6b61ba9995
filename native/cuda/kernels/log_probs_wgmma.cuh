// The products of log_probs.cuh by wgmma.
#pragma once
#include "cuda/kernels/log_probs.cuh"
#include "cuda/kernels/wgmma_tile.cuh"

namespace evalrun::cuda {

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    matmul_log_probs_wgmma(MatmulArguments in, LogitSummary* summaries) {
  BlockTile tile;
  if (!find_tile<Shape>(in, tile)) return;
  TileSums<Shape> sum;
  const TileLoader<Shape> loader(tile.input, tile.rows);
  multiply_tile_wgmma<Codes::kBF16, Shape>(tile.input, tile.rows, loader, shared_memory(), sum);
  store_summaries<Shape>(in, tile, sum, summaries);
}

constexpr int kAskedOfBlock = 16;
using AskedShape = WgmmaShape<kWgmmaRows, kAskedOfBlock, 2, 5, 2>;

// Rows of activations and of the head from anywhere: a thread copies a chunk of one row of each.
class AskedLoader {
 public:
  __device__ AskedLoader(const unsigned char* a, const unsigned char* w, int panels) : a_(a), w_(w), panels_(panels) {}

  // Which rows of weights there are is in the memory of the kernel before, as all the rest.
  __device__ void load_weights(unsigned char*, int) const {}
  __device__ void load_activations(unsigned char* stage, int first_panel, bool clear_rows) const { load(stage, first_panel, clear_rows); }

  __device__ void load(unsigned char* stage, int first_panel, bool clear_rows) const {
    const int row = static_cast<int>(threadIdx.x) / kChunks, chunk = static_cast<int>(threadIdx.x) % kChunks;
#pragma unroll
    for (int p = 0; p < AskedShape::kPanels; ++p) {
      const int panel = first_panel + p;
      if (panel >= panels_) break;
      unsigned char* shared = stage + p * AskedShape::kPanelBytes;
      const int64_t offset = static_cast<int64_t>(panel) * kPanelRowBytes + chunk * kChunkBytes;
      copy_async_16(shared + chunk_place(row, chunk), a_ + offset, true);
      if (clear_rows) {
#pragma unroll
        for (int i = kAskedOfBlock; i < kWgmmaRows; i += kAskedOfBlock) copy_async_16(shared + chunk_place(row + i, chunk), a_, false);
      }
      copy_async_16(shared + kWgmmaRows * kPanelRowBytes + chunk_place(row, chunk), w_ + offset, true);
    }
  }

 private:
  static_assert(AskedShape::kThreads / kChunks == kAskedOfBlock);
  const unsigned char* a_;
  const unsigned char* w_;
  int panels_;
};

// asked_logits: a block multiplies the rows of 16 asked logits with their 16 rows of the head, and keeps the diagonal.
__global__ void __launch_bounds__(AskedShape::kThreads, AskedShape::kBlocksPerSm)
    asked_logits_wgmma(const unsigned char* a, int64_t a_row_bytes, const unsigned char* w, int64_t w_row_bytes, int panels,
                       const int32_t* ids, const int32_t* id_rows, int asked, float* out) {
  begin_kernel();
  const int first = static_cast<int>(blockIdx.x) * kAskedOfBlock;
  const int mine = min(first + static_cast<int>(threadIdx.x) / kChunks, asked - 1);
  const AskedLoader loader(a + id_rows[mine] * a_row_bytes, w + ids[mine] * w_row_bytes, panels);
  TileInput tile{};
  tile.panels = panels;
  TileSums<AskedShape> sum;
  multiply_tile_wgmma<Codes::kBF16, AskedShape>(tile, TileRows{}, loader, shared_memory(), sum);
  const LanePlace<AskedShape> place;
#pragma unroll
  for (int j = 0; j < AskedShape::kAcross; ++j) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const int row = place.first_row + e / 2 * 8;
      if (row == place.first_column + j * 8 + e % 2 && first + row < asked) out[first + row] = sum[0][j][e];
    }
  }
}

}  // namespace evalrun::cuda

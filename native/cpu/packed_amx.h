// What products of packed weights with AMX work on: rows placed in tiles, memory, sums on their way to the output. Included by packed_amx.cpp
// and its parts.
#pragma once
#include <cstring>
#include <type_traits>

#include "cpu/panel_amx.h"
#include "cpu/panel_kernels.h"

namespace evalrun {

static_assert(kPanelTiles * kTileRows == kPanelOutputs && kPanelRowTile == kTileRows);
// Steps of columns that stay in the second-level cache while rows pass over them.
constexpr int64_t kChunkSteps = 64;
constexpr int kBlockTiles = 8;
constexpr int kFp8BlockTiles = 4;
constexpr int kMostPanels = 4;
constexpr int kBlockSteps = kQuantBlock / kTileColumns;

inline int height_of(int rows) { return rows < kTileRows ? rows : kTileRows; }
inline int64_t tiles_of(int rows) { return (rows + kTileRows - 1) / kTileRows; }

// A group: [row tiles][tiles of columns][height][32] bfloat16, then for FP8 the scales [row tiles][blocks][height].
struct Group {
  Group(const void* data, int64_t columns, int rows)
      : data(static_cast<const char*>(data)), steps(steps_of(columns)), height(height_of(rows)), tiles(tiles_of(rows)) {}

  int64_t step_bytes() const { return height * static_cast<int64_t>(kTileRowBytes); }
  int64_t operand_bytes() const { return tiles * steps * step_bytes(); }
  TileView view() const { return {data, steps * step_bytes(), step_bytes(), kTileRowBytes}; }
  const float* scales(int64_t row_tile, int64_t block, int64_t blocks) const {
    return reinterpret_cast<const float*>(data + operand_bytes()) + (row_tile * blocks + block) * height;
  }

  const char* data;
  int64_t steps;
  int height;
  int64_t tiles;
};

inline int64_t blocks_of(int64_t columns) { return (columns + kQuantBlock - 1) / kQuantBlock; }

// Memory of a product.
struct Scratches {
  explicit Scratches(void* memory)
      : panels(static_cast<char*>(memory)),
        tail(panels + kDecodedBytes),
        sums(reinterpret_cast<float*>(tail + kStepBytes)),
        totals(sums + kBlockTiles * kSums) {}
  static constexpr size_t kDecodedBytes = kMostPanels * kChunkSteps * kStepBytes;
  static constexpr size_t kBytes = kDecodedBytes + kStepBytes + sizeof(float) * (kBlockTiles + kFp8BlockTiles) * kSums;

  char* panels;   // what was expanded: [panels][kChunkSteps], as plain panels of bfloat16
  char* tail;     // the last pairs of columns and zeros
  float* sums;    // of a block of rows and a panel
  float* totals;  // FP8: the same, [rows][kPanelOutputs]
};
static_assert(Scratches::kBytes <= kPanelScratchBytes);

// A block of rows and a panel.
struct Part {
  int first, rows;  // among p.row_count
  int64_t panel;    // among the product's
};

// y = values (+ bias); values(r, v) is the vector of outputs v of row r of the part.
template <class Values>
void store(const PanelProduct& p, const Part& part, bool biased, const Values& values) {
  const int64_t begin = part.panel * kPanelOutputs;
  for (int r = 0; r < part.rows; ++r) {
    for (int v = 0; v < kPanelTiles; ++v) {
      const __mmask16 lanes = lanes_of(p.outputs - begin, v);
      __m512 value = values(r, v);
      if (biased) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, p.bias + begin + v * 16));
      _mm512_mask_storeu_ps(p.y[part.first + r] + begin + v * 16, lanes, value);
    }
  }
}

// Sums go on from y, which holds those of the columns before; at(r, v) is where.
template <class At>
void restore(const PanelProduct& p, const Part& part, const At& at) {
  const int64_t begin = part.panel * kPanelOutputs;
  for (int r = 0; r < part.rows; ++r) {
    for (int v = 0; v < kPanelTiles; ++v) {
      const __m512 value = _mm512_maskz_loadu_ps(lanes_of(p.outputs - begin, v), p.y[part.first + r] + begin + v * 16);
      _mm512_store_ps(at(r, v), value);
    }
  }
}

// totals (+)= sums * the row's scale * the block's, rounded as the product of both first. Sums are `count` output tiles of
// one row tile; totals are [rows][kPanelOutputs].
template <int kCount>
EVALRUN_INLINE void scale_sums(const float* sums, const float* row_scales, __m512 weight_scale, int rows, bool first, float* totals) {
  for (int r = 0; r < rows; ++r) {
    const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(row_scales[r]), weight_scale);
#pragma GCC unroll 4
    for (int v = 0; v < kCount; ++v) {
      float* total = totals + r * kPanelOutputs + v * kTileRows;
      const __m512 before = first ? _mm512_setzero_ps() : _mm512_load_ps(total);
      _mm512_store_ps(total, _mm512_fmadd_ps(_mm512_load_ps(sums + v * kSumTile + r * kTileRows), factor, before));
    }
  }
}

}  // namespace evalrun

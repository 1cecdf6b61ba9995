// Products of rows of bfloat16 with a panel of 64 outputs whose pairs of inner indices lie side by side, with AMX: what
// packed weights, attention blocks and dot products have in common. Included by files compiled for AMX.
//
//   panel  [inner pairs][64 outputs][2] bfloat16: 16 pairs are four operand tiles side by side
//   rows   tiles of 16 rows x 32 inner indices, wherever they lie at regular distances
//
// Up to 16 rows: one pass over the panel. More: two row tiles and two output tiles at a time.
#pragma once
#include <cstdint>

#include "cpu/tiles_amx.h"

namespace evalrun {

constexpr int kPanelTiles = 4;
constexpr int kPairBytes = kPanelTiles * kTileRowBytes;
// Bytes of a panel that one tile of inner indices takes.
constexpr int kStepBytes = kTileRows * kPairBytes;
// Floats of a sum tile, and of a row tile's four.
constexpr int kSumTile = kTileRows * kTileRows;
constexpr int kSums = kPanelTiles * kSumTile;

// Where the operands of rows are: tiles of 16 rows, in each of them steps of 32 inner indices.
struct TileView {
  const char* data;
  int64_t tile_bytes;  // from a row tile to the next
  int64_t step_bytes;  // from a tile of inner indices to the next
  int64_t row_bytes;

  const char* at(int64_t tile, int64_t step) const { return data + tile * tile_bytes + step * step_bytes; }
};

// Where sums are: output tile v of row tile t begins at data + t * tile + v * output floats.
struct SumView {
  float* data;
  int64_t tile, output;
  int64_t row_bytes;

  float* at(int64_t t, int v) const { return data + t * tile + v * output; }
};

// Sum tiles one after the other: [row tiles][4][16][16].
EVALRUN_INLINE SumView compact_sums(float* data) { return {data, kSums, kSumTile, kTileRowBytes}; }

// Inner steps that tiles of sums stay in their registers for. Putting them aside costs as much as four steps; on the other
// hand, what one pair of row tiles leaves of the panel in the first-level cache is of use to the next.
constexpr int64_t kInnerSteps = 32;

// sums (+)= inner steps [begin, begin + steps) of `tiles` row tiles from `first_tile`; b points to the panel's first of them.
// between() is called products_of(tiles, steps) times.
template <class Between = Nothing>
inline void add_steps(const TileView& a, int64_t first_tile, int64_t tiles, int64_t begin, int64_t steps, const char* b,
                      bool first, const SumView& sums, Between&& between = {}) {
  memory_is_read();
  for (int v = 0; v < kPanelTiles && tiles > 1; v += 2) {
    for (int64_t s = 0; s < steps; s += kInnerSteps) {
      const int64_t some = steps - s < kInnerSteps ? steps - s : kInnerSteps;
      for (int64_t t = 0; t + 2 <= tiles; t += 2) {
        float* const at[4] = {sums.at(t, v), sums.at(t, v + 1), sums.at(t + 1, v), sums.at(t + 1, v + 1)};
        first && s == 0 ? zero_sums() : load_sums(at, sums.row_bytes);
        add_2x2(a.at(first_tile + t, begin + s), a.at(first_tile + t + 1, begin + s), a.row_bytes, a.step_bytes,
                b + s * kStepBytes + v * kTileRowBytes, kPairBytes, some, between);
        store_sums(at, sums.row_bytes);
      }
    }
  }
  if (tiles % 2 == 0) return;
  const int64_t t = tiles - 1;
  float* const at[4] = {sums.at(t, 0), sums.at(t, 1), sums.at(t, 2), sums.at(t, 3)};
  first ? zero_sums() : load_sums(at, sums.row_bytes);
  add_1x4(a.at(first_tile + t, begin), a.row_bytes, a.step_bytes, b, kPairBytes, steps, between);
  store_sums(at, sums.row_bytes);
}

// Products of a step of columns in add_steps(), which has as many breaks.
constexpr int64_t products_of(int64_t tiles, int64_t steps) { return (tiles / 2 * 2 + tiles % 2) * steps; }

// Row r of output tile v in compact sums.
EVALRUN_INLINE float* sums_of(float* sums, int r, int v) {
  return sums + r / kTileRows * kSums + v * kSumTile + r % kTileRows * kTileRows;
}

// Outputs of vector `vector` among `outputs`.
EVALRUN_INLINE __mmask16 lanes_of(int64_t outputs, int vector) {
  const int64_t left = outputs - vector * 16;
  return left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}

}  // namespace evalrun

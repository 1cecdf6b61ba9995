// Products of packed_weight.h in float32, over a vector type V: for CPUs without bfloat16 products, and for float32 activations.
//
// Idea: a pair of bfloat16 in a lane of 32 bits is widened by one instruction each (a shift, a mask). Few rows widen what they
// multiply; many rows share columns of a panel widened once, which stay in the second-level cache while register tiles of
// kTileRows x kTileVectors pass over them. Either way an output adds its columns in order, one after the other.
#pragma once
#include "cpu/dot_convert.h"
#include "cpu/dot_kernels.h"
#include "cpu/panel_kernels.h"

namespace evalrun {

// kFp8: of e4m3 codes with scales; else of bfloat16, whatever the rows were rounded to.
template <class V, bool kFp8, int kTileRows, int kTileVectors>
class FloatPanels {
 public:
  static constexpr PanelKernels kernels(const DotKernels* rows, const RowKernels* row_loops) {
    return {rows, row_loops, group_bytes, place, true, 1, multiply, nullptr};
  }

 private:
  using F = typename V::F;
  using I = typename V::I;
  static constexpr int kLanes = V::kLanes;
  static constexpr int64_t kElementBytes = kFp8 ? 1 : 2;
  static constexpr int kPanelVectors = kPanelOutputs / kLanes;
  static constexpr int64_t kPairBytes = 2 * kPanelOutputs * kElementBytes;
  static constexpr int kTiles = kPanelVectors / kTileVectors;
  // Columns at a time: what scales go for, and half of a small second-level cache once they are widened.
  static constexpr int64_t kChunk = kFp8 ? kQuantBlock : 512;
  static_assert(kChunk * kPanelOutputs * sizeof(float) <= kPanelScratchBytes);
  // Columns at a time that few rows widen, which the first-level cache holds.
  static constexpr int64_t kNarrowChunk = kFp8 ? kQuantBlock : 64;
  // More rows than these share widened columns.
  static constexpr int kNarrowRows = kFp8 ? kTileRows : 4 * kTileRows;
  // What few rows will need is asked for so far ahead: the next columns.
  static constexpr int64_t kAheadBytes = kNarrowChunk / 2 * kPairBytes;

  // The vectors of outputs of a tile of `rows` that widens: as many as the tile's registers hold.
  static constexpr int vectors_of(int rows) {
    int vectors = kTileVectors;
    while (2 * vectors <= kPanelVectors && 2 * vectors * rows <= kTileRows * kTileVectors) vectors *= 2;
    return vectors;
  }

  // Of a converted row: dot_tile.h.
  EVALRUN_INLINE static int64_t padded_columns(int64_t columns) { return static_cast<int64_t>(round_up(columns, 16)); }
  EVALRUN_INLINE static int64_t blocks_of(int64_t columns) { return (columns + kQuantBlock - 1) / kQuantBlock; }

  // A group: [chunks][rows][columns of the chunk] float32, so that a tile's rows lie side by side and tiles one after the other; then
  // for FP8 the scales [rows][blocks].
  struct Group {
    const float* data;
    int64_t columns;
    int rows;

    EVALRUN_INLINE Group(const void* data, int64_t columns, int rows)
        : data(static_cast<const float*>(data)), columns(padded_columns(columns)), rows(rows), blocks(blocks_of(columns)) {}
    EVALRUN_INLINE int64_t width(int64_t begin) const { return columns - begin < kChunk ? columns - begin : kChunk; }
    // Columns from `column` on of the chunk that has it.
    EVALRUN_INLINE const float* row(int row, int64_t column) const {
      const int64_t begin = column / kChunk * kChunk;
      return data + begin * rows + row * width(begin) + column - begin;
    }
    EVALRUN_INLINE const float* scales(int row) const { return data + columns * rows + row * blocks; }

   private:
    int64_t blocks;
  };

  // Columns [begin, end) of a product, in whole pairs; b: of the panel.
  struct Chunk {
    int64_t begin, end;
    bool first, last;
    int64_t block;       // FP8: which, and its scale
    float weight_scale;
  };

  // The two columns of kLanes outputs.
  EVALRUN_INLINE static void widen_pair(const char* pair, F& even, F& odd) {
    const I bits = kFp8 ? V::load_e4m3_pairs(pair) : V::bits(V::load(pair));
    even = V::from_bits(V::template shl<16>(bits));
    odd = V::from_bits(V::andi(bits, V::set1i(static_cast<int32_t>(0xffff0000u))));
    if constexpr (kFp8) {
      even = V::mul(even, V::set1(0x1p120f));
      odd = V::mul(odd, V::set1(0x1p120f));
    }
  }

  // [kTiles][columns of the chunk][kTileVectors * kLanes] float32.
  static void widen_chunk(const char* b, int64_t columns, float* out) {
    constexpr int kStep = kTileVectors * kLanes;
    for (int64_t k = 0; k < columns; k += 2, b += kPairBytes, out += 2 * kStep) {
#pragma GCC unroll 8
      for (int v = 0; v < kPanelVectors; ++v) {
        F even, odd;
        widen_pair(b + v * kLanes * 2 * kElementBytes, even, odd);
        float* const to = out + v / kTileVectors * columns * kStep + v % kTileVectors * kLanes;
        V::store(to, even);
        V::store(to + kStep, odd);
      }
    }
  }

  // The outputs [first, first + N * kLanes) of R rows.
  template <int R, int N>
  struct Tile {
    const float* x[R];
    float* y[R];
    const float* scales[R];
    const float* later;  // rows of the next tile
    const char* asked;   // codes of the next columns, and how far a pair of these goes
    int64_t ask_step;
    const float* bias;
    int64_t outputs;  // that exist

    Tile(const PanelProduct& p, const Group& group, int row, int64_t first, const Chunk& c)
        : bias(p.bias == nullptr ? nullptr : p.bias + first), outputs(p.outputs - first) {
      for (int r = 0; r < R; ++r) {
        x[r] = group.row(p.first_row + row + r, c.begin);
        y[r] = p.y[row + r] + first;
        scales[r] = group.scales(p.first_row + row + r);
      }
      later = x[0] + kTileRows * group.width(c.begin);
    }

    EVALRUN_INLINE bool whole() const { return outputs >= N * kLanes; }
    EVALRUN_INLINE int count(int v) const {
      const int64_t left = outputs - v * kLanes;
      return left < 0 ? 0 : left < kLanes ? static_cast<int>(left) : kLanes;
    }
    EVALRUN_INLINE F load(const float* from, int v) const {
      return whole() ? V::load(from + v * kLanes) : V::load_first(from + v * kLanes, count(v));
    }

    // kWide: b is of widen_chunk(), else of the panel, of which more is asked for.
    template <bool kWide>
    EVALRUN_INLINE void add_columns(const char* b, const Chunk& c, F (&sum)[R][N]) const {
      // Of a pair of columns.
      constexpr int64_t kShare = N * kLanes * 2 * kElementBytes;
      const float* wide = reinterpret_cast<const float*>(b);
      const char* asked = this->asked;
      const int64_t columns = c.end - c.begin;
      for (int64_t k = 0; k < columns; k += 2) {
        F even[N], odd[N];
        if constexpr (kWide) {
          __builtin_prefetch(later + k * kTileRows / kTiles);
#pragma GCC unroll 8
          for (int v = 0; v < N; ++v) even[v] = V::load(wide + v * kLanes);
        } else {
#pragma GCC unroll 8
          for (int v = 0; v < N; ++v) widen_pair(b + v * kLanes * 2 * kElementBytes, even[v], odd[v]);
#pragma GCC unroll 4
          for (int64_t line = 0; line < kShare; line += 64) __builtin_prefetch(asked + line);
          asked += ask_step;
          b += kPairBytes;
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const F value = V::set1(x[r][k]);
#pragma GCC unroll 8
          for (int v = 0; v < N; ++v) sum[r][v] = V::fma(value, even[v], sum[r][v]);
        }
        if constexpr (kWide) {
#pragma GCC unroll 8
          for (int v = 0; v < N; ++v) odd[v] = V::load(wide + (N + v) * kLanes);
          wide += 2 * N * kLanes;
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const F value = V::set1(x[r][k + 1]);
#pragma GCC unroll 8
          for (int v = 0; v < N; ++v) sum[r][v] = V::fma(value, odd[v], sum[r][v]);
        }
      }
    }

    template <bool kWide>
    EVALRUN_INLINE void run(const char* b, const Chunk& c) const {
      F sum[R][N];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < N; ++v) sum[r][v] = c.first || kFp8 ? V::zero() : load(y[r], v);
      }
      add_columns<kWide>(b, c, sum);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int v = 0; v < N; ++v) {
          F value = sum[r][v];
          if constexpr (kFp8) {
            const F factor = V::mul(V::set1(scales[r][c.block]), V::set1(c.weight_scale));
            value = V::fma(value, factor, c.first ? V::zero() : load(y[r], v));
          }
          if (c.last && bias != nullptr) value = V::add(value, load(bias, v));
          whole() ? V::store(y[r] + v * kLanes, value) : V::store_first(y[r] + v * kLanes, value, count(v));
        }
      }
    }
  };

  // As many rows as there are, at most kTileRows; all outputs.
  template <bool kWide, int R = kTileRows>
  static void rows(int count, const PanelProduct& p, const Group& group, int row, const char* b, const Chunk& c) {
    if (count < R) {
      if constexpr (R > 1) return rows<kWide, R - 1>(count, p, group, row, b, c);
    }
    constexpr int N = kWide ? kTileVectors : vectors_of(R);
    constexpr int kStep = N * kLanes;
    const int tiles = (p.row_count + kTileRows - 1) / kTileRows;
    for (int64_t first = 0; first < kPanelOutputs && first < p.outputs; first += kStep) {
      const char* part = b + first * (kWide ? (c.end - c.begin) * static_cast<int64_t>(sizeof(float)) : 2 * kElementBytes);
      Tile<R, N> tile(p, group, row, first, c);
      tile.ask_step = kStep * 2 * kElementBytes / tiles;
      tile.asked = b + kAheadBytes + (first * tiles + row / kTileRows * kStep) * (c.end - c.begin) * kElementBytes / tiles;
      tile.later += first / kStep * (c.end - c.begin) * kTileRows / kTiles;
      tile.template run<kWide>(part, c);
    }
  }

  static void multiply(const PanelProduct& p) {
    const int64_t columns = p.weight->columns;
    const char* b = panel_of(*p.weight, p.first_panel);
    const Group group(p.group, columns, p.group_rows);
    const float* scales = nullptr;
    if constexpr (kFp8) {
      scales = p.weight->scale + p.first_panel * kPanelOutputs / kQuantBlock * blocks_of(columns);
    }
    float* const wide = static_cast<float*>(p.scratch);
    const bool shares = p.row_count > kNarrowRows;
    const int64_t step = shares ? kChunk : kNarrowChunk;
    for (int64_t begin = 0; begin < columns; begin += step, b += step / 2 * kPairBytes) {
      const int64_t end = begin + step < columns ? begin + step : columns;
      const int64_t block = begin / kQuantBlock;
      const Chunk chunk{begin, (end + 1) / 2 * 2, begin == 0, end == columns, block, kFp8 ? scales[block] : 0};
      if (shares) widen_chunk(b, chunk.end - begin, wide);
      for (int row = 0; row < p.row_count; row += kTileRows) {
        const int count = p.row_count - row;
        shares ? rows<true>(count, p, group, row, reinterpret_cast<const char*>(wide), chunk) : rows<false>(count, p, group, row, b, chunk);
      }
    }
  }

  static size_t group_bytes(int64_t columns, int rows) {
    return sizeof(float) * rows * (padded_columns(columns) + (kFp8 ? blocks_of(columns) : 0));
  }

  static void place(const void* converted, int64_t columns, int row, int rows, void* data) {
    const Group group(data, columns, rows);
    const float* from = static_cast<const float*>(converted);
    for (int64_t begin = 0; begin < group.columns; begin += kChunk) {
      float* to = const_cast<float*>(group.row(row, begin));
      for (int64_t k = 0; k < group.width(begin); k += kLanes) V::store(to + k, V::load(from + begin + k));
    }
    if constexpr (kFp8) {
      // Behind the operands of a converted row: dot_tile.h.
      float* to = const_cast<float*>(group.scales(row));
      for (int64_t b = 0; b < blocks_of(columns); ++b) to[b] = from[group.columns + b];
    }
  }
};

}  // namespace evalrun

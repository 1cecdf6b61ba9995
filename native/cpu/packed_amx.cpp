// Products of packed_weight.h with AMX: tiles of 16 rows x 16 outputs.
//
// Idea: a panel's pairs of columns are rows of 64 outputs, so that 16 of them are four operand tiles side by side, as they
// lie. Rows of activations are put into tiles of 16 rows x 32 columns, one after the other along the columns. Up to 16
// rows: one pass over the panel, bound by memory. More: two row tiles at a time, columns in chunks whose weights stay in
// the first-level cache while all rows pass over them; sums wait in the second.
#include <cstring>

#include "cpu/dot_kernels.h"
#include "cpu/e4m3_avx512.h"
#include "cpu/panel_kernels.h"
#include "cpu/tiles_amx.h"

namespace evalrun {
namespace {

constexpr int kPairBytes = kPanelOutputs * 4;
constexpr int kPanelTiles = kPanelOutputs / kTileRows;
static_assert(kPanelTiles == 4 && kPanelRowTile == kTileRows);
// Bytes of a panel that one tile of columns takes.
constexpr int kStepBytes = kTileRows * kPairBytes;
// 512 columns: 32 KiB of weights for two output tiles.
constexpr int64_t kChunkSteps = 16;
// A single row tile is bound by memory: what it will need is asked for this far ahead.
constexpr int kAheadBytes = 16384;
constexpr int kBlockSteps = kQuantBlock / kTileColumns;
// Sums of one row tile and the panel: four tiles.
constexpr int kSums = kPanelTiles * kTileRows * kTileRows;

int64_t steps_of(int64_t columns) { return (columns + kTileColumns - 1) / kTileColumns; }
int height_of(int rows) { return rows < kTileRows ? rows : kTileRows; }
int64_t tiles_of(int rows) { return (rows + kTileRows - 1) / kTileRows; }

// A group: [row tiles][tiles of columns][height][32] bfloat16, then for FP8 the scales [row tiles][blocks][height].
struct Group {
  Group(const void* data, int64_t columns, int rows)
      : data(static_cast<const char*>(data)), steps(steps_of(columns)), height(height_of(rows)), tiles(tiles_of(rows)) {}

  int64_t step_bytes() const { return height * static_cast<int64_t>(kTileRowBytes); }
  int64_t operand_bytes() const { return tiles * steps * step_bytes(); }
  const char* tile(int64_t row_tile, int64_t step) const { return data + (row_tile * steps + step) * step_bytes(); }
  const float* scales(int64_t row_tile, int64_t block, int64_t blocks) const {
    return reinterpret_cast<const float*>(data + operand_bytes()) + (row_tile * blocks + block) * height;
  }

  const char* data;
  int64_t steps;
  int height;
  int64_t tiles;
};

int64_t blocks_of(int64_t columns) { return (columns + kQuantBlock - 1) / kQuantBlock; }

template <bool kFp8>
size_t group_bytes(int64_t columns, int rows) {
  const Group group(nullptr, columns, rows);
  return group.operand_bytes() + (kFp8 ? group.tiles * blocks_of(columns) * group.height * sizeof(float) : 0);
}

template <bool kFp8>
void place(const void* converted, int64_t columns, int row, int rows, void* data) {
  const Group group(data, columns, rows);
  const char* from = static_cast<const char*>(converted);
  const int64_t tile = row / kTileRows;
  const int in_tile = row % kTileRows;
  char* to = const_cast<char*>(group.tile(tile, 0)) + in_tile * kTileRowBytes;
  for (int64_t s = 0; s < group.steps; ++s) {
    _mm512_store_si512(to + s * group.step_bytes(), _mm512_load_si512(from + s * kTileRowBytes));
  }
  if (row + 1 == rows) {
    // The last tile's missing rows: their sums are not looked at, but bytes of anything would make them slow.
    for (int r = in_tile + 1; r < group.height; ++r) {
      for (int64_t s = 0; s < group.steps; ++s) {
        _mm512_store_si512(to + s * group.step_bytes() + (r - in_tile) * kTileRowBytes, _mm512_setzero_si512());
      }
    }
  }
  if constexpr (kFp8) {
    // Behind the operands of a converted row: dot_tile.h.
    const float* scales = reinterpret_cast<const float*>(from + group.steps * kTileRowBytes);
    for (int64_t b = 0; b < blocks_of(columns); ++b) {
      const_cast<float*>(group.scales(tile, b, blocks_of(columns)))[in_tile] = scales[b];
    }
  }
}

EVALRUN_INLINE __mmask16 lanes_of(int64_t outputs, int vector) {
  const int64_t left = outputs - vector * 16;
  return left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}

// Memory of a product.
struct Scratches {
  explicit Scratches(void* memory)
      : block(static_cast<char*>(memory)),
        tail(block + sizeof(uint16_t) * kQuantBlock * kPanelOutputs),
        sums(reinterpret_cast<float*>(tail + 2 * kStepBytes)),
        totals(sums + static_cast<int64_t>(kPanelRows) * kPanelOutputs) {}
  char* block;    // FP8 decoded
  char* tail;     // the last pairs of columns and zeros
  float* sums;    // [row tiles][output tiles][16][16]
  float* totals;  // FP8: [rows][kPanelOutputs]
};

// y = sums (+ bias); values(r, v) is the vector of outputs v of row r.
template <class Values>
void store(const PanelProduct& p, const Values& values) {
  for (int v = 0; v < kPanelTiles; ++v) {
    const __mmask16 lanes = lanes_of(p.outputs, v);
    if (lanes == 0) return;
    for (int r = 0; r < p.row_count; ++r) {
      __m512 value = values(r, v);
      if (p.bias != nullptr) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, p.bias + v * 16));
      _mm512_mask_storeu_ps(p.y[r] + v * 16, lanes, value);
    }
  }
}

// sums (+)= tiles of columns [begin, begin + steps) of all rows; b points to the panel's first of them.
void add_steps(const Group& group, int64_t first_tile, int64_t tiles, int64_t begin, int64_t steps, const char* b, bool first,
               float* sums, Ahead& ahead) {
  const int64_t a_step = group.step_bytes();
  int64_t t = 0;
  for (int half = 0; half < 2; ++half) {
    for (t = 0; t + 2 <= tiles; t += 2) {
      float* c = sums + t * kSums + half * 2 * 256;
      float* const at[4] = {c, c + 256, c + kSums, c + kSums + 256};
      first ? zero_sums() : load_sums(at);
      add_2x2(group.tile(first_tile + t, begin), group.tile(first_tile + t + 1, begin), kTileRowBytes, a_step,
              b + half * 2 * kTileRowBytes, kPairBytes, steps, ahead);
      store_sums(at);
    }
  }
  if (t == tiles) return;
  float* c = sums + t * kSums;
  float* const at[4] = {c, c + 256, c + 512, c + 768};
  first ? zero_sums() : load_sums(at);
  add_1x4(group.tile(first_tile + t, begin), kTileRowBytes, a_step, b, kPairBytes, steps, ahead);
  store_sums(at);
}

// How much of what comes next each tile of columns asks for.
Ahead ahead_of(const char* next, int64_t bytes, int64_t tiles, int64_t steps) {
  const int64_t turns = (tiles / 2 * 2 + tiles % 2) * steps;
  return {next, static_cast<int>((bytes / 64 + turns - 1) / turns)};
}

void multiply_bf16(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const Group group(p.group, columns, p.group_rows);
  const Scratches memory(p.scratch);
  const char* panel =
      static_cast<const char*>(p.weight->packed) + p.first_panel * panel_bytes(DType::kBF16, columns);
  const int64_t first_tile = p.first_row / kTileRows;
  const int64_t tiles = tiles_of(p.row_count);
  const int64_t whole = columns / kTileColumns;
  const Tiles configured(group.height);
  const int64_t chunk = tiles == 1 ? whole : kChunkSteps;
  for (int64_t begin = 0; begin < whole; begin += chunk) {
    const int64_t steps = whole - begin < chunk ? whole - begin : chunk;
    const char* b = panel + begin * kStepBytes;
    Ahead ahead = tiles == 1 ? Ahead{b + kAheadBytes, kStepBytes / 64}
                             : ahead_of(b + steps * kStepBytes, kChunkSteps * kStepBytes, tiles, steps);
    add_steps(group, first_tile, tiles, begin, steps, b, begin == 0, memory.sums, ahead);
  }
  if (whole < group.steps) {
    const int64_t bytes = panel_bytes(DType::kBF16, columns) - whole * kStepBytes;
    std::memcpy(memory.tail, panel + whole * kStepBytes, bytes);
    std::memset(memory.tail + bytes, 0, kStepBytes - bytes);
    Ahead nothing;
    add_steps(group, first_tile, tiles, whole, 1, memory.tail, whole == 0, memory.sums, nothing);
  }
  store(p, [&](int r, int v) {
    return _mm512_load_ps(memory.sums + (r / kTileRows * kPanelTiles + v) * 256 + r % kTileRows * 16);
  });
}

void multiply_fp8(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const int64_t blocks = blocks_of(columns);
  const Group group(p.group, columns, p.group_rows);
  const Scratches memory(p.scratch);
  const char* codes = static_cast<const char*>(p.weight->packed) + p.first_panel * panel_bytes(DType::kF8E4M3, columns);
  const float* weight_scales = p.weight->scale + p.first_panel * kPanelOutputs / kQuantBlock * blocks;
  const int64_t first_tile = p.first_row / kTileRows;
  const int64_t tiles = tiles_of(p.row_count);
  const Tiles configured(group.height);
  for (int64_t block = 0; block < blocks; ++block, codes += kQuantBlock * kPanelOutputs) {
    for (int64_t i = 0; i < kQuantBlock * kPanelOutputs / 32; ++i) {
      const __m256i source = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + i * 32));
      _mm_prefetch(codes + i * 32 + kAheadBytes / 2, _MM_HINT_T1);
      _mm512_store_si512(memory.block + i * 64, e4m3_to_bf16(source));
    }
    const int64_t begin = block * kBlockSteps;
    const int64_t steps = group.steps - begin < kBlockSteps ? group.steps - begin : kBlockSteps;
    Ahead nothing;
    add_steps(group, first_tile, tiles, begin, steps, memory.block, true, memory.sums, nothing);
    // totals += sums * the row's scale * the block's, rounded as the product of both first.
    const __m512 weight_scale = _mm512_set1_ps(weight_scales[block]);
    for (int r = 0; r < p.row_count; ++r) {
      const float row_scale = group.scales(first_tile + r / kTileRows, block, blocks)[r % kTileRows];
      const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(row_scale), weight_scale);
      float* total = memory.totals + r * kPanelOutputs;
      const float* sum = memory.sums + r / kTileRows * kSums + r % kTileRows * 16;
#pragma GCC unroll 4
      for (int v = 0; v < kPanelTiles; ++v) {
        const __m512 before = block == 0 ? _mm512_setzero_ps() : _mm512_load_ps(total + v * 16);
        _mm512_store_ps(total + v * 16, _mm512_fmadd_ps(_mm512_load_ps(sum + v * 256), factor, before));
      }
    }
  }
  store(p, [&](int r, int v) { return _mm512_load_ps(memory.totals + r * kPanelOutputs + v * 16); });
}

}  // namespace

const PanelKernels kPanelAmx[3] = {
    {},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kBF16)], group_bytes<false>, place<false>, true, multiply_bf16},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kFP8)], group_bytes<true>, place<true>, true, multiply_fp8},
};

}  // namespace evalrun

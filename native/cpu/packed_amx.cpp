// Products of packed_weight.h with AMX: tiles of 16 rows x 16 outputs.
//
// Idea: a panel's pairs of columns are rows of 64 outputs, so that 16 of them are four operand tiles side by side, as they
// lie. Rows of activations are put into tiles of 16 rows x 32 columns, one after the other along the columns.
//
// Up to 16 rows: one pass over the panels, bound by memory. More: a few panels, 2048 columns of them, stay in the
// second-level cache while blocks of 128 rows pass over them.
#include "cpu/dot_kernels.h"
#include "cpu/packed_narrow_amx.h"
#include "cpu/row_kernels.h"

namespace evalrun {
namespace {

// A single row tile is bound by memory: what it will need is asked for this far ahead.
constexpr int kAheadBytes = 16384;

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
  char* to = const_cast<char*>(group.view().at(tile, 0)) + in_tile * kTileRowBytes;
  for (int64_t s = 0; s < group.steps; ++s) {
    _mm512_store_si512(to + s * group.step_bytes(), _mm512_load_si512(from + s * kTileRowBytes));
  }
  if (row + 1 == rows) {
    // The last tile's missing rows: their sums are not looked at, but no tile reads what nobody wrote.
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

// Calls body(part) for all panels of each block of `tiles` row tiles.
template <class Body>
void for_parts(const PanelProduct& p, int tiles, const Body& body) {
  for (int first = 0; first < p.row_count; first += tiles * kTileRows) {
    const int rows = p.row_count - first < tiles * kTileRows ? p.row_count - first : tiles * kTileRows;
    for (int64_t panel = 0; panel < panels_of(p.outputs); ++panel) body(Part{first, rows, panel});
  }
}

// Steps [begin, begin + steps) of the product's panels, kChunkSteps apart, in `memory` where they are not there yet.
template <class Stream>
const char* expanded_chunk(const PanelProduct& p, int64_t begin, int64_t steps, char* memory) {
  if (p.expanded != nullptr) return static_cast<const char*>(p.expanded);
  for (int64_t panel = 0; panel < panels_of(p.outputs); ++panel) {
    expand(Stream(*p.weight, p.first_panel + panel, 1, begin), steps, memory + panel * kChunkSteps * kStepBytes);
  }
  memory_is_read();
  return memory;
}

// Where one chunk is all of a panel.
template <class Stream>
bool expand_whole(const PanelProduct& p, void* out) {
  static_assert(kChunkSteps * kStepBytes == kExpandedPanelBytes);
  const int64_t steps = Stream::steps(p.weight->columns);
  if (steps > kChunkSteps) return false;
  expanded_chunk<Stream>(p, 0, steps, static_cast<char*>(out));
  return true;
}

bool expand_bf16(const PanelProduct& p, void* out) { return p.weight->compact && expand_whole<CompactStream>(p, out); }
bool expand_fp8(const PanelProduct& p, void* out) { return expand_whole<E4m3Stream>(p, out); }

// One block of rows of `tiles` row tiles with weights that are expanded. There are too few rows to make that cheap, so a unit of
// columns is expanded while the one before it is multiplied: its memory is waited for in the tiles' time.
// add(panel, begin, steps, unit, between) multiplies steps [begin, begin + steps) of a panel, which are at `unit`.
template <class Stream, class Add, class Store>
void for_units(const PanelProduct& p, int64_t tiles, char* memory, const Add& add, const Store& store_panel) {
  constexpr int64_t kUnitSteps = kInnerSteps;
  const int64_t panels = panels_of(p.outputs), all = Stream::steps(p.weight->columns);
  const auto steps_from = [&](int64_t begin) { return all - begin < kUnitSteps ? all - begin : kUnitSteps; };
  const auto unit = [&](int64_t index) { return memory + index % 2 * kUnitSteps * kStepBytes; };
  Expander expander(Stream(*p.weight, p.first_panel, panels));
  expander.aim(unit(0), steps_from(0), 1);
  expander.rest();
  int64_t index = 0;
  for (int64_t panel = 0; panel < panels; ++panel) {
    for (int64_t begin = 0; begin < all; begin += kUnitSteps, ++index) {
      const int64_t steps = steps_from(begin);
      const bool ends = begin + steps == all;
      if (ends && panel + 1 == panels && p.next != nullptr) {
        // Nothing is left to expand: the next product's first unit is asked for.
        const int64_t lines = kUnitSteps * Stream::kBytes / 64 / products_of(tiles, steps);
        add(panel, begin, steps, unit(index), Ahead{static_cast<const char*>(p.next), static_cast<int>(lines)});
      } else {
        expander.aim(unit(index + 1), !ends ? steps_from(begin + steps) : panel + 1 < panels ? steps_from(0) : 0, products_of(tiles, steps));
        add(panel, begin, steps, unit(index), expander);
        expander.rest();
      }
    }
    store_panel(panel);
  }
}

void multiply_bf16_block(const PanelProduct& p, const Group& group) {
  const Scratches memory(p.scratch);
  const int64_t first_tile = p.first_row / kTileRows, tiles = tiles_of(p.row_count);
  const SumView sums = compact_sums(memory.sums);
  for_units<CompactStream>(
      p, tiles, memory.panels,
      [&](int64_t, int64_t begin, int64_t steps, const char* unit, auto&& between) {
        add_steps(group.view(), first_tile, tiles, begin, steps, unit, begin == 0, sums, between);
      },
      [&](int64_t panel) {
        store(p, Part{0, p.row_count, panel}, p.bias != nullptr, [&](int r, int v) { return _mm512_load_ps(sums_of(memory.sums, r, v)); });
      });
}

void multiply_bf16(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const Group group(p.group, columns, p.group_rows);
  const Tiles configured(group.height);
  const bool compact = p.weight->compact;
  if (compact && p.row_count <= kTileRows) return multiply_narrow<CompactStream>(p, group);
  if (compact && p.row_count <= kBlockTiles * kTileRows && p.expanded == nullptr) return multiply_bf16_block(p, group);
  const Scratches memory(p.scratch);
  const int64_t bytes = panel_bytes(DType::kBF16, columns);
  const char* plain = static_cast<const char*>(p.weight->packed) + p.first_panel * bytes;
  // A compact panel's columns are padded.
  const int64_t whole = compact ? group.steps : columns / kTileColumns;
  const int64_t chunk = p.row_count <= kTileRows ? group.steps : kChunkSteps;
  for (int64_t begin = 0; begin < group.steps; begin += chunk) {
    const bool last = begin + chunk >= group.steps;
    const int64_t end = last ? whole : begin + chunk;
    const char* const expanded = compact ? expanded_chunk<CompactStream>(p, begin, end - begin, memory.panels) : nullptr;
    for_parts(p, kBlockTiles, [&](const Part& part) {
      const char* panel = compact ? expanded + part.panel * kChunkSteps * kStepBytes : plain + part.panel * bytes + begin * kStepBytes;
      const int64_t first_tile = (p.first_row + part.first) / kTileRows;
      const int64_t tiles = tiles_of(part.rows);
      const SumView sums = compact_sums(memory.sums);
      if (begin > 0) restore(p, part, [&](int r, int v) { return sums_of(memory.sums, r, v); });
      if (tiles == 1) {
        add_steps(group.view(), first_tile, tiles, begin, end - begin, panel, begin == 0, sums, Ahead{panel + kAheadBytes, kStepBytes / 64});
      } else {
        add_steps(group.view(), first_tile, tiles, begin, end - begin, panel, begin == 0, sums);
      }
      if (last && whole < group.steps) {
        const int64_t rest = bytes - whole * kStepBytes;
        std::memcpy(memory.tail, plain + part.panel * bytes + whole * kStepBytes, rest);
        std::memset(memory.tail + rest, 0, kStepBytes - rest);
        add_steps(group.view(), first_tile, tiles, whole, 1, memory.tail, whole == 0, sums);
      }
      store(p, part, last && p.bias != nullptr, [&](int r, int v) { return _mm512_load_ps(sums_of(memory.sums, r, v)); });
    });
  }
}

// A block of 128 columns, decoded to `b`, for the rows of a part.
template <class Between>
void add_block(const PanelProduct& p, const Group& group, const Part& part, int64_t block, float scale, const char* b, float* sums,
               float* totals, Between&& between) {
  const int64_t blocks = blocks_of(p.weight->columns);
  const int64_t begin = block * kBlockSteps;
  const int64_t steps = group.steps - begin < kBlockSteps ? group.steps - begin : kBlockSteps;
  const int64_t first_tile = (p.first_row + part.first) / kTileRows;
  const int64_t tiles = tiles_of(part.rows);
  const TileView a = group.view();
  const __m512 weight_scale = _mm512_set1_ps(scale);
  const auto rows_of = [&](int64_t t) {
    const int left = part.rows - static_cast<int>(t) * kTileRows;
    return left < kTileRows ? left : kTileRows;
  };
  const auto finish = [&](int64_t t, int v, const float* from, auto count) {
    scale_sums<count.value>(from, group.scales(first_tile + t, block, blocks), weight_scale, rows_of(t), block == 0,
                            totals + t * kTileRows * kPanelOutputs + v * kTileRows);
  };
  for (int64_t t = 0; t + 2 <= tiles; t += 2) {
    for (int v = 0; v < kPanelTiles; v += 2) {
      float* const at[4] = {sums, sums + kSumTile, sums + 2 * kSumTile, sums + 3 * kSumTile};
      zero_sums();
      add_2x2(a.at(first_tile + t, begin), a.at(first_tile + t + 1, begin), a.row_bytes, a.step_bytes, b + v * kTileRowBytes,
              kPairBytes, steps, between);
      store_sums(at, kTileRowBytes);
      finish(t, v, sums, std::integral_constant<int, 2>());
      finish(t + 1, v, sums + 2 * kSumTile, std::integral_constant<int, 2>());
    }
  }
  if (tiles % 2 == 0) return;
  float* const at[4] = {sums, sums + kSumTile, sums + 2 * kSumTile, sums + 3 * kSumTile};
  zero_sums();
  add_1x4(a.at(first_tile + tiles - 1, begin), a.row_bytes, a.step_bytes, b, kPairBytes, steps, between);
  store_sums(at, kTileRowBytes);
  finish(tiles - 1, 0, sums, std::integral_constant<int, 4>());
}

void multiply_fp8_block(const PanelProduct& p, const Group& group) {
  const Scratches memory(p.scratch);
  const int64_t blocks = blocks_of(p.weight->columns);
  for_units<E4m3Stream>(
      p, tiles_of(p.row_count), memory.panels,
      [&](int64_t panel, int64_t begin, int64_t steps, const char* unit, auto&& between) {
        const float* scales = p.weight->scale + (p.first_panel + panel) * kPanelOutputs / kQuantBlock * blocks;
        for (int64_t step = 0; step < steps; step += kBlockSteps) {
          const int64_t block = (begin + step) / kBlockSteps;
          add_block(p, group, Part{0, p.row_count, panel}, block, scales[block], unit + step * kStepBytes, memory.sums, memory.totals, between);
        }
      },
      [&](int64_t panel) {
        store(p, Part{0, p.row_count, panel}, p.bias != nullptr,
              [&](int r, int v) { return _mm512_load_ps(memory.totals + r * kPanelOutputs + v * 16); });
      });
}

// Codes are expanded, 2048 columns at a time, and stay in the second-level cache while the rows pass over them; the
// totals of four row tiles stay in the first.
void multiply_fp8(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const Group group(p.group, columns, p.group_rows);
  const Tiles configured(group.height);
  if (p.row_count <= kTileRows) return multiply_narrow<E4m3Stream>(p, group);
  if (p.row_count <= kFp8BlockTiles * kTileRows && p.expanded == nullptr) return multiply_fp8_block(p, group);
  const Scratches memory(p.scratch);
  const int64_t blocks = blocks_of(columns);
  constexpr int64_t kChunkBlocks = kChunkSteps / kBlockSteps;
  for (int64_t begin = 0; begin < blocks; begin += kChunkBlocks) {
    const int64_t count = blocks - begin < kChunkBlocks ? blocks - begin : kChunkBlocks;
    const char* const expanded = expanded_chunk<E4m3Stream>(p, begin * kBlockSteps, count * kBlockSteps, memory.panels);
    for_parts(p, kFp8BlockTiles, [&](const Part& part) {
      const float* scales = p.weight->scale + (p.first_panel + part.panel) * kPanelOutputs / kQuantBlock * blocks;
      const auto total = [&](int r, int v) { return memory.totals + r * kPanelOutputs + v * 16; };
      if (begin > 0) restore(p, part, total);
      for (int64_t block = 0; block < count; ++block) {
        const char* b = expanded + part.panel * kChunkSteps * kStepBytes + block * kBlockSteps * kStepBytes;
        add_block(p, group, part, begin + block, scales[begin + block], b, memory.sums, memory.totals, Nothing());
      }
      store(p, part, begin + count == blocks && p.bias != nullptr, [&](int r, int v) { return _mm512_load_ps(total(r, v)); });
    });
  }
}

}  // namespace

const PanelKernels kPanelAmx[3] = {
    {},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kBF16)], &kRowAvx512, group_bytes<false>, place<false>, true, kMostPanels, multiply_bf16, expand_bf16},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kFP8)], &kRowAvx512, group_bytes<true>, place<true>, true, kMostPanels, multiply_fp8, expand_fp8},
};

}  // namespace evalrun

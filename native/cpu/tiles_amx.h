// The tile registers of AMX as our kernels use them: 16 rows of 64 bytes, or fewer rows where a group has fewer.
// Included by files compiled for AMX.
//
//   0-3   sums, 16 float32 a row           4, 5   operands A: rows of activations, 32 bfloat16 each
//   6, 7  operands B: 16 rows, each a pair of inner indices of 16 outputs
//
// tdpbf16ps adds the products of the even and of the odd inner indices apart, each in order and fused from zero, then both
// sums to the accumulator: an element depends on its row, its column and the order of the tiles along the inner index,
// not on what else is in the tiles. It takes and gives denormal numbers as zero.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "cpu/inline.h"

namespace evalrun {

constexpr int kTileRows = 16;
constexpr int kTileColumns = 32;  // bfloat16 of an operand's row
constexpr int kTileRowBytes = 64;
constexpr int kTileBytes = kTileRows * kTileRowBytes;

// Tiles of columns, the last padded.
constexpr int64_t steps_of(int64_t columns) { return (columns + kTileColumns - 1) / kTileColumns; }

// GCC's tile intrinsics do not say what memory they read: before them, everything that was written must be there.
EVALRUN_INLINE void memory_is_read() { asm volatile("" ::: "memory"); }

// Tiles are configured while one of these lives on the thread; afterwards the system has no tiles to save when it switches
// threads. Configuring costs as much as twenty products of tiles, so whoever has many small ones to do keeps one alive
// around them all.
class Tiles {
 public:
  // Sums and A have `rows` rows. Inside another, that one's stay: only 16 rows nest.
  explicit Tiles(int rows = kTileRows) {
    if (depth()++ > 0) return;
    alignas(64) Configuration configuration = {};
    configuration.palette = 1;
    for (int i = 0; i < 8; ++i) {
      configuration.row_bytes[i] = kTileRowBytes;
      configuration.rows[i] = static_cast<uint8_t>(i < 6 ? rows : kTileRows);
    }
    asm volatile("" : : "r"(&configuration) : "memory");
    _tile_loadconfig(&configuration);
  }
  ~Tiles() {
    if (--depth() == 0) _tile_release();
  }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

 private:
  // As LDTILECFG reads it.
  struct Configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  };
  static_assert(sizeof(Configuration) == 64);

  static int& depth() {
    static thread_local int value = 0;
    return value;
  }
};

// What will be read later, asked for a few cache lines at a time. Worth it only where nothing but memory is waited for:
// each line holds one of the first-level cache's few fill buffers until it comes.
struct Ahead {
  const char* next = nullptr;
  int lines = 0;

  EVALRUN_INLINE void operator()() {
    for (int i = 0; i < lines; ++i, next += 64) _mm_prefetch(next, _MM_HINT_T1);
  }
};

// Nothing else to do between the steps of a product.
struct Nothing {
  EVALRUN_INLINE void operator()() const {}
};

EVALRUN_INLINE void zero_sums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// Tiles 0-3 are at at[0] to at[3].
EVALRUN_INLINE void load_sums(float* const (&at)[4], int64_t row_bytes) {
  _tile_loadd(0, at[0], row_bytes);
  _tile_loadd(1, at[1], row_bytes);
  _tile_loadd(2, at[2], row_bytes);
  _tile_loadd(3, at[3], row_bytes);
}

EVALRUN_INLINE void store_sums(float* const (&at)[4], int64_t row_bytes) {
  _tile_stored(0, at[0], row_bytes);
  _tile_stored(1, at[1], row_bytes);
  _tile_stored(2, at[2], row_bytes);
  _tile_stored(3, at[3], row_bytes);
}

// Sums 0-3 += one row tile times four output tiles that lie side by side in rows of b, `b_stride` bytes apart; `a_step` from
// one tile of columns to the next. between() is called once a step.
template <class Between>
EVALRUN_INLINE void add_1x4(const char* a, int64_t a_stride, int64_t a_step, const char* b, int64_t b_stride, int64_t steps,
                            Between& between) {
  for (int64_t s = 0; s < steps; ++s, a += a_step, b += kTileRows * b_stride) {
    _tile_loadd(4, a, a_stride);
    _tile_loadd(6, b, b_stride);
    between();
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + kTileRowBytes, b_stride);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(6, b + 2 * kTileRowBytes, b_stride);
    _tile_dpbf16ps(2, 4, 6);
    _tile_loadd(7, b + 3 * kTileRowBytes, b_stride);
    _tile_dpbf16ps(3, 4, 7);
  }
}

// Sums 0, 1 += row tile a0, sums 2, 3 += row tile a1, times two output tiles.
template <class Between>
EVALRUN_INLINE void add_2x2(const char* a0, const char* a1, int64_t a_stride, int64_t a_step, const char* b, int64_t b_stride,
                            int64_t steps, Between& between) {
  for (int64_t s = 0; s < steps; ++s, a0 += a_step, a1 += a_step, b += kTileRows * b_stride) {
    _tile_loadd(6, b, b_stride);
    _tile_loadd(4, a0, a_stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + kTileRowBytes, b_stride);
    _tile_dpbf16ps(1, 4, 7);
    between();
    _tile_loadd(5, a1, a_stride);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

}  // namespace evalrun

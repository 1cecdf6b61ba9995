// pack_panel() as a template over an instruction set P.
//
// Idea: a vector is P::kBytes of one output's columns. P::kLanes of them, as squares of four-byte pieces, are transposed in
// registers: a pair of bfloat16 is such a piece, and two pairs of e4m3 codes are one.
//
//   I, kLanes                        a vector, and its pieces
//   load(p), load_first(p, bytes)    all of a vector, or its first bytes and zeros
//   transpose(rows)                  kLanes vectors become columns
//   store(p, x), store_u16(p, x)     all pieces, or the low halves of them
//   high_halves(x)                   moved to the low ones
#pragma once
#include "cpu/inline.h"
#include "cpu/packed_weight.h"

namespace evalrun {

template <class P>
class PackTile {
 public:
  static void pack(const Weight& weight, int64_t panel, void* out) {
    const bool codes = weight.dtype == DType::kF8E4M3;
    const int64_t row_bytes = weight.columns * (codes ? 1 : 2);
    const int64_t first = panel * kPanelOutputs;
    const char* from = static_cast<const char*>(weight.data) + first * row_bytes;
    char* to = static_cast<char*>(out);
    const int64_t end = panel_bytes(weight.dtype, weight.columns) / kPanelOutputs;
    for (int64_t begin = 0; begin < end; begin += kBytes, to += kBytes * kPanelOutputs) {
      for (int group = 0; group < kPanelOutputs; group += P::kLanes) {
        typename P::I r[P::kLanes];
        load_rows(from + group * row_bytes + begin, row_bytes, weight.rows - first - group, row_bytes - begin, r);
        P::transpose(r);
#pragma GCC unroll 16
        for (int i = 0; i < P::kLanes; ++i) {
          if (begin + i * 4 >= end) continue;
          char* const pieces = to + i * 4 * kPanelOutputs;
          if (codes) {
            P::store_u16(pieces + group * 2, r[i]);
            P::store_u16(pieces + 2 * kPanelOutputs + group * 2, P::high_halves(r[i]));
          } else {
            P::store(pieces + group * 4, r[i]);
          }
        }
      }
    }
  }

 private:
  static constexpr int64_t kBytes = 4 * P::kLanes;

  // The first `present` bytes of the outputs' vectors, the others zero; outputs from `count` on are zero.
  EVALRUN_INLINE static void load_rows(const char* from, int64_t row_bytes, int64_t count, int64_t present, typename P::I (&r)[P::kLanes]) {
#pragma GCC unroll 16
    for (int i = 0; i < P::kLanes; ++i) {
      const char* const row = from + i * row_bytes;
      const int64_t bytes = i < count && present > 0 ? present : 0;
      r[i] = bytes >= kBytes ? P::load(row) : P::load_first(row, bytes);
    }
  }
};

}  // namespace evalrun

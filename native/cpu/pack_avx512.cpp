// Panels of packed_weight.h with AVX-512.
//
// Idea: a vector is 64 bytes of one output's columns. Sixteen of them, as 16 x 16 pieces of four bytes, are transposed in
// registers: a pair of bfloat16 is such a piece, and two pairs of e4m3 codes are one.
#include "cpu/inline.h"
#include "cpu/pack_kernels.h"
#include "cpu/packed_weight.h"
#include "cpu/simd_avx512.h"
#include "cpu/transpose_avx512.h"

namespace evalrun {
namespace {

constexpr int kLanes = 16;
constexpr int kGroups = kPanelOutputs / kLanes;

// The first `present` bytes of 64 of sixteen outputs, the others zero; outputs from `count` on are zero.
EVALRUN_INLINE void load_rows(const char* from, int64_t row_bytes, int64_t count, int64_t present, __m512i (&r)[kLanes]) {
  const __mmask64 bytes = present >= 64 ? ~__mmask64{0} : present <= 0 ? 0 : (__mmask64{1} << present) - 1;
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    r[i] = i < count ? _mm512_maskz_loadu_epi8(bytes, from + i * row_bytes) : _mm512_setzero_si512();
  }
}

}  // namespace

void pack_panel_avx512(const Weight& weight, int64_t panel, void* out) {
  const bool codes = weight.dtype == DType::kF8E4M3;
  const int64_t row_bytes = weight.columns * (codes ? 1 : 2);
  const int64_t first = panel * kPanelOutputs;
  const char* from = static_cast<const char*>(weight.data) + first * row_bytes;
  char* to = static_cast<char*>(out);
  const int64_t end = panel_bytes(weight.dtype, weight.columns) / kPanelOutputs;
  for (int64_t begin = 0; begin < end; begin += 64, to += 64 * kPanelOutputs) {
    for (int group = 0; group < kGroups; ++group) {
      __m512i r[kLanes];
      load_rows(from + group * kLanes * row_bytes + begin, row_bytes, weight.rows - first - group * kLanes, row_bytes - begin, r);
      transpose_16x16(r);
      if (codes) {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) {
          char* two_pairs = to + i * 4 * kPanelOutputs + group * 32;
          Avx512::store_u16(two_pairs, r[i]);
          Avx512::store_u16(two_pairs + 2 * kPanelOutputs, _mm512_srli_epi32(r[i], 16));
        }
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) {
          if (begin + i * 4 < end) _mm512_storeu_si512(to + i * 4 * kPanelOutputs + group * 64, r[i]);
        }
      }
    }
  }
}

}  // namespace evalrun

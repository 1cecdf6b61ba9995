// Panels of packed_weight.h with AVX2.
//
// Idea: as in pack_avx512.cpp, with vectors of 32 bytes: eight outputs' columns, as 8 x 8 pieces of four bytes, are transposed in
// registers.
#include <cstring>

#include "cpu/inline.h"
#include "cpu/pack_kernels.h"
#include "cpu/packed_weight.h"
#include "cpu/simd_avx2.h"

namespace evalrun {
namespace {

constexpr int kLanes = 8;
constexpr int kBytes = 32;

// Rows of eight 32-bit elements become columns.
EVALRUN_INLINE void transpose_8x8(__m256i (&r)[kLanes]) {
  __m256i t[kLanes];
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < kLanes; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // Now half h of r[4 q + c] is column 4 h + c of the rows 4 q .. 4 q + 3.
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    t[c] = _mm256_permute2x128_si256(r[c], r[4 + c], 0x20);
    t[4 + c] = _mm256_permute2x128_si256(r[c], r[4 + c], 0x31);
  }
  std::memcpy(r, t, sizeof(r));
}

// The first `present` bytes of 32 of eight outputs, the others zero; outputs from `count` on are zero.
EVALRUN_INLINE void load_rows(const char* from, int64_t row_bytes, int64_t count, int64_t present, __m256i (&r)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    const char* row = from + i * row_bytes;
    if (i < count && present >= kBytes) {
      r[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
      continue;
    }
    r[i] = _mm256_setzero_si256();
    if (i < count && present > 0) std::memcpy(&r[i], row, static_cast<size_t>(present));
  }
}

}  // namespace

void pack_panel_avx2(const Weight& weight, int64_t panel, void* out) {
  const bool codes = weight.dtype == DType::kF8E4M3;
  const int64_t row_bytes = weight.columns * (codes ? 1 : 2);
  const int64_t first = panel * kPanelOutputs;
  const char* from = static_cast<const char*>(weight.data) + first * row_bytes;
  char* to = static_cast<char*>(out);
  const int64_t end = panel_bytes(weight.dtype, weight.columns) / kPanelOutputs;
  for (int64_t begin = 0; begin < end; begin += kBytes, to += kBytes * kPanelOutputs) {
    for (int group = 0; group < kPanelOutputs; group += kLanes) {
      __m256i r[kLanes];
      load_rows(from + group * row_bytes + begin, row_bytes, weight.rows - first - group, row_bytes - begin, r);
      transpose_8x8(r);
      for (int i = 0; i < kLanes && begin + i * 4 < end; ++i) {
        char* const pieces = to + i * 4 * kPanelOutputs;
        if (codes) {
          char* const two_pairs = pieces + group * 2;
          Avx2::store_u16(two_pairs, r[i]);
          Avx2::store_u16(two_pairs + 2 * kPanelOutputs, _mm256_srli_epi32(r[i], 16));
        } else {
          _mm256_storeu_si256(reinterpret_cast<__m256i*>(pieces + group * 4), r[i]);
        }
      }
    }
  }
}

}  // namespace evalrun

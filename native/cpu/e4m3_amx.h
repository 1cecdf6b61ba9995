// FP8 codes as bfloat16 by looking bytes up: every CPU with AMX can permute bytes among two registers.
#pragma once
#include <immintrin.h>

#include <array>
#include <cstdint>

#include "cpu/inline.h"

namespace evalrun {

// Byte `high` of the bfloat16 of each e4m3 magnitude.
constexpr std::array<uint8_t, 128> e4m3_bytes(bool high) {
  std::array<uint8_t, 128> bytes{};
  for (int code = 0; code < 128; ++code) {
    int bits = 0;
    if (code == 127) {
      bits = 0x7fc0;
    } else if (code >= 8) {
      bits = (code << 4) + (120 << 7);
    } else if (code > 0) {
      // m * 2^-9: the leading bit becomes implicit.
      const int leading = code >= 4 ? 2 : code >= 2 ? 1 : 0;
      bits = (127 - 9 + leading) << 7 | ((code << (7 - leading)) & 0x7f);
    }
    bytes[code] = static_cast<uint8_t>(high ? bits >> 8 : bits & 0xff);
  }
  return bytes;
}

// `count` codes, a multiple of 64, 64-byte aligned as their values are.
inline void decode_panel(const char* codes, int64_t count, char* out) {
  alignas(64) static constexpr std::array<uint8_t, 128> kLow = e4m3_bytes(false), kHigh = e4m3_bytes(true);
  const __m512i low0 = _mm512_load_si512(kLow.data()), low1 = _mm512_load_si512(kLow.data() + 64);
  const __m512i high0 = _mm512_load_si512(kHigh.data()), high1 = _mm512_load_si512(kHigh.data() + 64);
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  // With eighths in this order, unpacking within 128 bits gives the codes in order.
  const __m512i eighths = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  // Memory has this long to bring the next codes.
  constexpr int kAhead = 8192;
  for (int64_t i = 0; i < count; i += 64, out += 128) {
    _mm_prefetch(codes + i + kAhead, _MM_HINT_T1);
    const __m512i code = _mm512_permutexvar_epi64(eighths, _mm512_load_si512(codes + i));
    // Bit 7 of an index is ignored: magnitudes are looked up, the sign is added.
    const __m512i low = _mm512_permutex2var_epi8(low0, code, low1);
    const __m512i high = _mm512_permutex2var_epi8(high0, code, high1);
    const __m512i signed_high = _mm512_or_si512(high, _mm512_and_si512(code, sign));
    _mm512_store_si512(out, _mm512_unpacklo_epi8(low, signed_high));
    _mm512_store_si512(out + 64, _mm512_unpackhi_epi8(low, signed_high));
  }
}

}  // namespace evalrun

// Compact panels (compact_panel.h) made with AVX-512.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "cpu/compact_panel.h"
#include "cpu/inline.h"

namespace evalrun {
namespace {

constexpr int64_t kStepBytes = kCompactStepWeights * 2;

// The exponents of 64 weights, a byte each, in the order of compact_panel.h.
EVALRUN_INLINE __m512i exponents_of(__m512i first, __m512i second) {
  const __m512i byte = _mm512_set1_epi16(0xff);
  return _mm512_packus_epi16(_mm512_and_si512(_mm512_srli_epi16(first, 7), byte), _mm512_and_si512(_mm512_srli_epi16(second, 7), byte));
}

EVALRUN_INLINE __m512i signs_and_mantissas(__m512i x) {
  const __m512i mantissa = _mm512_and_si512(x, _mm512_set1_epi16(0x7f));
  return _mm512_or_si512(mantissa, _mm512_and_si512(_mm512_srli_epi16(x, 8), _mm512_set1_epi16(0x80)));
}

int largest_exponent(const char* plain, int64_t bytes) {
  __m512i largest = _mm512_setzero_si512();
  for (int64_t i = 0; i < bytes; i += 64) {
    const __m512i magnitude = _mm512_and_si512(_mm512_load_si512(plain + i), _mm512_set1_epi16(0x7fff));
    largest = _mm512_max_epu16(largest, magnitude);
  }
  alignas(64) uint16_t lanes[32];
  _mm512_store_si512(lanes, largest);
  return *std::max_element(lanes, lanes + 32) >> 7;
}

// Writes the exceptions of a vector pair: bit b of `wrong` is the weight whose code is byte b.
CompactException* tell(__mmask64 wrong, const char* pair, int64_t first, CompactException* next) {
  for (; wrong != 0; wrong &= wrong - 1) {
    // Byte b of 128 bits is weight b % 8 of the pair's first or second vector.
    const int byte = __builtin_ctzll(wrong);
    const int weight = byte % 16 / 8 * 32 + byte / 16 * 8 + byte % 8;
    uint16_t value;
    std::memcpy(&value, pair + weight * 2, 2);
    *next++ = {static_cast<uint16_t>(first + weight), value};
  }
  return next;
}

}  // namespace

bool compact_panel(const void* plain, int64_t columns, void* out) {
  const CompactLayout layout(columns);
  const int64_t bytes = panel_bytes(DType::kBF16, columns);
  const char* from = static_cast<const char*>(plain);
  char* const panel = static_cast<char*>(out);
  const int largest = largest_exponent(from, bytes);
  std::memset(panel, 0, kCompactHeader);
  panel[0] = static_cast<char>(largest);
  // A code is the exponent minus the one below code 1, where that is 1 to 15.
  const __m512i below = _mm512_set1_epi8(static_cast<char>(std::max(largest - kCompactCodes, 0)));
  const __m512i zero = _mm512_setzero_si512();
  std::memset(panel + layout.counts, 0, layout.exceptions - layout.counts);
  CompactException* const exceptions = reinterpret_cast<CompactException*>(panel + layout.exceptions);
  CompactException* const end = exceptions + layout.steps * kCompactExceptions;
  CompactException* next = exceptions;
  CompactException some[64];
  alignas(64) char last[kStepBytes];
  for (int64_t s = 0; s < layout.steps; ++s, from += kStepBytes) {
    if ((s + 1) * kStepBytes > bytes) {
      std::memset(last, 0, sizeof(last));
      std::memcpy(last, from, bytes - s * kStepBytes);
      from = last;
    }
    char* const to = panel + kCompactHeader + s * kCompactStepBytes;
    CompactException* const first = next;
    __m512i codes[2];
    for (int64_t v = 0; v < kCompactStepWeights / 64; ++v) {
      const __m512i a = _mm512_load_si512(from + v * 128), b = _mm512_load_si512(from + v * 128 + 64);
      const __m512i exponents = exponents_of(a, b);
      const __mmask64 low = _mm512_cmple_epu8_mask(exponents, below);
      codes[v % 2] = _mm512_maskz_sub_epi8(~low, exponents, below);
      const __mmask64 wrong = low & _mm512_cmpneq_epi8_mask(exponents, zero);
      if (wrong != 0) {
        const int64_t count = tell(wrong, from + v * 128, v * 64, some) - some;
        if (count > end - next) return false;
        next = std::copy(some, some + count, next);
      }
      _mm512_store_si512(to + v * 64, _mm512_packus_epi16(signs_and_mantissas(a), signs_and_mantissas(b)));
      if (v % 2 == 1) {
        _mm512_store_si512(to + kCompactStepWeights + v / 2 * 64, _mm512_or_si512(codes[0], _mm512_slli_epi16(codes[1], 4)));
      }
    }
    if (next - first > 255) return false;
    panel[layout.counts + s] = static_cast<char>(next - first);
  }
  return true;
}

}  // namespace evalrun

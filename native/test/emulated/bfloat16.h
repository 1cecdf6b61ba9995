// AVX512_BF16: products of pairs, and rounding. Denormal numbers are taken and given as zero.
#pragma once
#include "test/emulated/vectors.h"

namespace evalrun {
namespace emulated {

// Zeros of the same sign for denormal numbers, which bfloat16 arithmetic neither takes nor gives.
EVALRUN_INLINE __m256 without_denormals(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i small = _mm256_cmpeq_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000)), _mm256_setzero_si256());
  return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_and_si256(small, _mm256_set1_epi32(0x7fffffff)), bits));
}
// a b + c, fused; a and b are float32 that bfloat16 holds.
EVALRUN_INLINE __m256 bf16_multiply_add(__m256i a, __m256i b, __m256 c) {
  const __m256 x = without_denormals(_mm256_castsi256_ps(a)), y = without_denormals(_mm256_castsi256_ps(b));
  return without_denormals(_mm256_fmadd_ps(x, y, without_denormals(c)));
}
// The second bfloat16 of each pair, and the first.
EVALRUN_INLINE __m256i odd_of(__m256i pairs) { return _mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))); }
EVALRUN_INLINE __m256i even_of(__m256i pairs) { return _mm256_slli_epi32(pairs, 16); }

}  // namespace emulated

// The odd products first, each step rounded.
inline __m512 _mm512_dpbf16_ps(__m512 sum, __m512bh a, __m512bh b) {
  using namespace emulated;
  Halves out{sum};
  for (int h = 0; h < 2; ++h) {
    const __m256i x = any<__m256i>(reinterpret_cast<const char*>(&a) + h * 32), y = any<__m256i>(reinterpret_cast<const char*>(&b) + h * 32);
    out.half[h] = bf16_multiply_add(even_of(x), even_of(y), bf16_multiply_add(odd_of(x), odd_of(y), out.half[h]));
  }
  return out.whole;
}
// To nearest even; NaN stays NaN.
inline __m256bh _mm512_cvtneps_pbh(__m512 a) {
  emulated::Halves halves{a};
  for (__m256& half : halves.half) half = emulated::without_denormals(half);
  const auto bits = emulated::as<emulated::V<uint32_t>>(halves.whole);
  alignas(32) uint16_t out[16];
  for (int i = 0; i < 16; ++i) {
    const uint32_t x = bits[i];
    const bool nan = (x & 0x7fffffffu) > 0x7f800000u;
    out[i] = static_cast<uint16_t>(nan ? x >> 16 | 0x40 : (x + 0x7fff + (x >> 16 & 1)) >> 16);
  }
  return emulated::any<__m256bh>(out);
}

}  // namespace evalrun

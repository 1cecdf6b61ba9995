// AVX-512's instructions for integers and bytes.
#pragma once
#include "test/emulated/vectors.h"

namespace evalrun {

EVALRUN_INLINE __m512i _mm512_setzero_si512() { return __m512i{}; }
EVALRUN_INLINE __m512i _mm512_set1_epi8(char v) { return emulated::join(_mm256_set1_epi8(v), _mm256_set1_epi8(v)); }
EVALRUN_INLINE __m512i _mm512_set1_epi16(short v) { return emulated::join(_mm256_set1_epi16(v), _mm256_set1_epi16(v)); }
EVALRUN_INLINE __m512i _mm512_set1_epi32(int v) { return emulated::join(_mm256_set1_epi32(v), _mm256_set1_epi32(v)); }
template <class... Values>
EVALRUN_INLINE __m512i _mm512_setr_epi32(Values... values) {
  static_assert(sizeof...(values) == 16);
  const int32_t all[16] = {values...};
  return emulated::any<__m512i>(all);
}
template <class... Values>
EVALRUN_INLINE __m512i _mm512_setr_epi64(Values... values) {
  static_assert(sizeof...(values) == 8);
  const int64_t all[8] = {values...};
  return emulated::any<__m512i>(all);
}
EVALRUN_INLINE __m512i _mm512_castsi128_si512(__m128i a) {
  // The upper lanes are undefined: anything but zero.
  alignas(64) char all[64];
  std::memset(all, 0xa5, 64);
  std::memcpy(all, &a, 16);
  return emulated::any<__m512i>(all);
}
EVALRUN_INLINE __m512i _mm512_loadu_si512(const void* p) { return emulated::any<__m512i>(p); }
EVALRUN_INLINE __m512i _mm512_load_si512(const void* p) { return _mm512_loadu_si512(emulated::aligned(p)); }
EVALRUN_INLINE void _mm512_storeu_si512(void* p, __m512i v) { __builtin_memcpy(p, &v, 64); }
EVALRUN_INLINE void _mm512_store_si512(void* p, __m512i v) { _mm512_storeu_si512(emulated::aligned(p), v); }
inline __m512i _mm512_maskz_loadu_epi8(__mmask64 mask, const void* p) { return emulated::whole<uint8_t>(emulated::load<uint8_t>(mask, p)); }
inline __m512i _mm512_maskz_loadu_epi16(__mmask32 mask, const void* p) {
  return emulated::whole<uint16_t>(emulated::load<uint16_t>(mask, p));
}
inline __m256i _mm256_maskz_loadu_epi8(__mmask32 mask, const void* p) {
  const auto lanes = emulated::load<uint8_t>(mask, p);
  return emulated::any<__m256i>(&lanes);
}
inline __m256i _mm256_maskz_loadu_epi16(__mmask16 mask, const void* p) {
  const auto lanes = emulated::load<uint16_t>(mask, p);
  return emulated::any<__m256i>(&lanes);
}
// Bit 4a + 2b + c of `table`, for each bit.
inline __m512i _mm512_ternarylogic_epi32(__m512i a, __m512i b, __m512i c, int table) {
  __m512i out{};
  for (int i = 0; i < 8; ++i) {
    if ((table >> i & 1) != 0) out |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
  }
  return out;
}

// Within 128 bits, or a lane: AVX2 does the same to each half.
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_and_si512, _mm256_and_si256)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_or_si512, _mm256_or_si256)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_add_epi16, _mm256_add_epi16)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_add_epi32, _mm256_add_epi32)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_sub_epi32, _mm256_sub_epi32)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_max_epu16, _mm256_max_epu16)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpacklo_epi8, _mm256_unpacklo_epi8)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpackhi_epi8, _mm256_unpackhi_epi8)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpacklo_epi16, _mm256_unpacklo_epi16)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpackhi_epi16, _mm256_unpackhi_epi16)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpacklo_epi32, _mm256_unpacklo_epi32)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpackhi_epi32, _mm256_unpackhi_epi32)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpacklo_epi64, _mm256_unpacklo_epi64)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_unpackhi_epi64, _mm256_unpackhi_epi64)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_shuffle_epi8, _mm256_shuffle_epi8)
EVALRUN_EMULATED_HALVES(__m512i, emulated::IntegerHalves, _mm512_packus_epi16, _mm256_packus_epi16)

#define EVALRUN_EMULATED_SHIFT(name, half_name)                                    \
  EVALRUN_INLINE __m512i name(__m512i x, int n) {                                  \
    const emulated::IntegerHalves a{x};                                            \
    return emulated::join(half_name(a.half[0], n), half_name(a.half[1], n));       \
  }
EVALRUN_EMULATED_SHIFT(_mm512_slli_epi16, _mm256_slli_epi16)
EVALRUN_EMULATED_SHIFT(_mm512_srli_epi16, _mm256_srli_epi16)
EVALRUN_EMULATED_SHIFT(_mm512_srai_epi16, _mm256_srai_epi16)
EVALRUN_EMULATED_SHIFT(_mm512_slli_epi32, _mm256_slli_epi32)
EVALRUN_EMULATED_SHIFT(_mm512_srli_epi32, _mm256_srli_epi32)
EVALRUN_EMULATED_SHIFT(_mm512_srai_epi32, _mm256_srai_epi32)
#undef EVALRUN_EMULATED_SHIFT

inline __m512i _mm512_permutexvar_epi64(__m512i from, __m512i a) {
  const auto index = emulated::lanes<uint64_t>(from), values = emulated::lanes<uint64_t>(a);
  return emulated::whole<uint64_t>(emulated::each<uint64_t>([&](int i) { return values[index[i] & 7]; }));
}
inline __m512i _mm512_mask_blend_epi16(__mmask32 mask, __m512i a, __m512i b) {
  return emulated::whole<uint16_t>(emulated::blend<uint16_t>(mask, emulated::lanes<uint16_t>(a), emulated::lanes<uint16_t>(b)));
}
inline __m512i _mm512_maskz_sub_epi8(__mmask64 mask, __m512i a, __m512i b) {
  return emulated::whole<uint8_t>(emulated::blend<uint8_t>(mask, emulated::V<uint8_t>{}, emulated::lanes<uint8_t>(a) - emulated::lanes<uint8_t>(b)));
}
EVALRUN_INLINE __m128i _mm_maskz_add_epi8(__mmask16 mask, __m128i a, __m128i b) {
  alignas(16) uint8_t x[16], y[16];
  std::memcpy(x, &a, 16);
  std::memcpy(y, &b, 16);
  for (int i = 0; i < 16; ++i) x[i] = mask >> i & 1 ? static_cast<uint8_t>(x[i] + y[i]) : uint8_t{0};
  return emulated::any<__m128i>(x);
}
EVALRUN_INLINE __m512i _mm512_maskz_broadcast_i32x4(__mmask16 mask, __m128i a) {
  alignas(16) uint32_t x[4];
  std::memcpy(x, &a, 16);
  return emulated::whole<uint32_t>(emulated::each<uint32_t>([&](int i) { return mask >> i & 1 ? x[i % 4] : 0u; }));
}
EVALRUN_INLINE __m512i _mm512_shuffle_i32x4(__m512i a, __m512i b, int pick) { return emulated::shuffle_quarters(a, b, pick); }
inline __m512i _mm512_mask_permutexvar_epi16(__m512i otherwise, __mmask32 mask, __m512i from, __m512i a) {
  const auto index = emulated::lanes<uint16_t>(from), values = emulated::lanes<uint16_t>(a);
  const auto moved = emulated::each<uint16_t>([&](int i) { return values[index[i] & 31]; });
  return emulated::whole<uint16_t>(emulated::blend<uint16_t>(mask, emulated::lanes<uint16_t>(otherwise), moved));
}
inline __m512i _mm512_permutex2var_epi8(__m512i a, __m512i from, __m512i b) {
  const auto index = emulated::lanes<uint8_t>(from), x = emulated::lanes<uint8_t>(a), y = emulated::lanes<uint8_t>(b);
  return emulated::whole<uint8_t>(emulated::each<uint8_t>([&](int i) { return (index[i] & 64 ? y : x)[index[i] & 63]; }));
}
EVALRUN_INLINE __m512i _mm512_cvtepu8_epi16(__m256i a) {
  return emulated::join(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(a)), _mm256_cvtepu8_epi16(_mm256_extracti128_si256(a, 1)));
}
EVALRUN_INLINE __m512i _mm512_cvtepu8_epi32(__m128i a) { return emulated::join(_mm256_cvtepu8_epi32(a), _mm256_cvtepu8_epi32(_mm_srli_si128(a, 8))); }
EVALRUN_INLINE __m512i _mm512_cvtepu16_epi32(__m256i a) {
  return emulated::join(_mm256_cvtepu16_epi32(_mm256_castsi256_si128(a)), _mm256_cvtepu16_epi32(_mm256_extracti128_si256(a, 1)));
}
EVALRUN_INLINE __m128i _mm512_cvtepi32_epi8(__m512i a) {
  const auto x = emulated::lanes<uint32_t>(a);
  alignas(16) uint8_t out[16];
  for (int i = 0; i < 16; ++i) out[i] = static_cast<uint8_t>(x[i]);
  return emulated::any<__m128i>(out);
}
inline __m256i _mm512_cvtepi32_epi16(__m512i a) {
  const auto x = emulated::lanes<uint32_t>(a);
  alignas(32) uint16_t out[16];
  for (int i = 0; i < 16; ++i) out[i] = static_cast<uint16_t>(x[i]);
  return emulated::any<__m256i>(out);
}

#define EVALRUN_EMULATED_COMPARISON(name, Mask, T, holds)                                         \
  inline Mask name(__m512i x, __m512i y) {                                                        \
    const auto a = emulated::lanes<T>(x), b = emulated::lanes<T>(y);                              \
    return static_cast<Mask>(emulated::mask_of<T>([&](int i) { return a[i] holds b[i]; }));       \
  }
EVALRUN_EMULATED_COMPARISON(_mm512_cmpeq_epi16_mask, __mmask32, uint16_t, ==)
EVALRUN_EMULATED_COMPARISON(_mm512_cmpeq_epi32_mask, __mmask16, uint32_t, ==)
EVALRUN_EMULATED_COMPARISON(_mm512_cmpneq_epi8_mask, __mmask64, uint8_t, !=)
EVALRUN_EMULATED_COMPARISON(_mm512_cmplt_epu16_mask, __mmask32, uint16_t, <)
EVALRUN_EMULATED_COMPARISON(_mm512_cmple_epu8_mask, __mmask64, uint8_t, <=)
EVALRUN_EMULATED_COMPARISON(_mm512_cmpge_epu16_mask, __mmask32, uint16_t, >=)
#undef EVALRUN_EMULATED_COMPARISON

}  // namespace evalrun

// Sixteen float32 lanes of AVX-512 (F, BW, DQ, VL), under the names that the vector kernels are written in.
//
// Only for files compiled with the AVX-512 flags; everything is forced inline (inline.h says why).
#pragma once
// GCC 12 takes the deliberately undefined pass-through operands of its own intrinsics for a mistake (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cstdint>

#include "cpu/simd_reduce.h"

namespace evalrun {

struct Avx512 {
  using F = __m512;
  using I = __m512i;
  using M = __mmask16;
  static constexpr int kLanes = 16;

  EVALRUN_INLINE static F zero() { return _mm512_setzero_ps(); }
  EVALRUN_INLINE static F set1(float v) { return _mm512_set1_ps(v); }
  EVALRUN_INLINE static I set1i(int32_t v) { return _mm512_set1_epi32(v); }
  EVALRUN_INLINE static F load(const void* p) { return _mm512_loadu_ps(p); }
  EVALRUN_INLINE static F load_first(const void* p, int count) { return _mm512_maskz_loadu_ps(first(count), p); }
  EVALRUN_INLINE static void store(void* p, F v) { _mm512_storeu_ps(p, v); }
  EVALRUN_INLINE static void store_first(void* p, F v, int count) { _mm512_mask_storeu_ps(p, first(count), v); }

  EVALRUN_INLINE static F add(F a, F b) { return _mm512_add_ps(a, b); }
  EVALRUN_INLINE static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  EVALRUN_INLINE static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  EVALRUN_INLINE static F div(F a, F b) { return _mm512_div_ps(a, b); }
  EVALRUN_INLINE static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  // As the instruction does: the second operand when either is NaN.
  EVALRUN_INLINE static F max(F a, F b) { return _mm512_max_ps(a, b); }
  EVALRUN_INLINE static F min(F a, F b) { return _mm512_min_ps(a, b); }
  EVALRUN_INLINE static F round(F a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  EVALRUN_INLINE static F abs(F a) { return _mm512_abs_ps(a); }

  EVALRUN_INLINE static I bits(F a) { return _mm512_castps_si512(a); }
  EVALRUN_INLINE static F from_bits(I a) { return _mm512_castsi512_ps(a); }
  EVALRUN_INLINE static I to_int(F a) { return _mm512_cvtps_epi32(a); }
  EVALRUN_INLINE static I addi(I a, I b) { return _mm512_add_epi32(a, b); }
  EVALRUN_INLINE static I subi(I a, I b) { return _mm512_sub_epi32(a, b); }
  EVALRUN_INLINE static I andi(I a, I b) { return _mm512_and_si512(a, b); }
  EVALRUN_INLINE static I ori(I a, I b) { return _mm512_or_si512(a, b); }
  template <int N>
  EVALRUN_INLINE static I shl(I a) {
    return _mm512_slli_epi32(a, N);
  }
  template <int N>
  EVALRUN_INLINE static I shr(I a) {
    return _mm512_srli_epi32(a, N);
  }
  template <int N>
  EVALRUN_INLINE static I sar(I a) {
    return _mm512_srai_epi32(a, N);
  }

  EVALRUN_INLINE static M less(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  EVALRUN_INLINE static M is_nan(F a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
  EVALRUN_INLINE static M equali(I a, I b) { return _mm512_cmpeq_epi32_mask(a, b); }
  // Lanes l with low <= l < high.
  EVALRUN_INLINE static M between(int low, int high) { return first(high) & ~first(low); }
  // b where the mask is set, else a.
  EVALRUN_INLINE static F select(M m, F a, F b) { return _mm512_mask_blend_ps(m, a, b); }

  // Sixteen elements of a storage format, widened.
  EVALRUN_INLINE static I load_u8(const void* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  EVALRUN_INLINE static I load_u16(const void* p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  EVALRUN_INLINE static I load_u16_first(const void* p, int count) {
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(count), p));
  }
  // Thirty-two e4m3 codes as pairs of bfloat16 that are too small by 2^120: their exponents and mantissas, put in place.
  EVALRUN_INLINE static I load_e4m3_pairs(const void* p) {
    const I codes = _mm512_cvtepu8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
    const I placed = _mm512_and_si512(_mm512_srai_epi16(_mm512_slli_epi16(codes, 8), 4), _mm512_set1_epi16(static_cast<int16_t>(0x87f0)));
    const __mmask32 nan = _mm512_cmpeq_epi16_mask(_mm512_or_si512(codes, _mm512_set1_epi16(0x80)), _mm512_set1_epi16(0xff));
    return _mm512_mask_blend_epi16(nan, placed, _mm512_set1_epi16(-1));
  }
  EVALRUN_INLINE static F load_f16(const void* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  // The low halves of the lanes.
  EVALRUN_INLINE static void store_u16(void* p, I v) {
    _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  // The low bytes of the lanes.
  EVALRUN_INLINE static void store_u8(void* p, I v) {
    _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }

  EVALRUN_INLINE static __m256 halve(F a) {
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  }
  // Sums of the lanes of each of eight vectors, in one fixed tree.
  EVALRUN_INLINE static void sum8(const F* a, float* out) {
    const __m256 h[8] = {halve(a[0]), halve(a[1]), halve(a[2]), halve(a[3]),
                         halve(a[4]), halve(a[5]), halve(a[6]), halve(a[7])};
    sum8_avx(h, out);
  }
  EVALRUN_INLINE static float sum(F a) { return sum_avx(halve(a)); }
  EVALRUN_INLINE static void maximum8(const F* a, float* out) {
    __m256 h[8];
    for (int i = 0; i < 8; ++i) h[i] = larger_half(a[i]);
    maximum8_avx(h, out);
  }
  EVALRUN_INLINE static float maximum(F a) { return maximum_avx(larger_half(a)); }

 private:
  EVALRUN_INLINE static __m256 larger_half(F a) { return _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1)); }
  EVALRUN_INLINE static __mmask16 first(int count) {
    return count >= 16 ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
  }
};

}  // namespace evalrun

// Eight float32 lanes of AVX2 with FMA and F16C, under the names that the vector kernels are written in
// (simd_avx512.h).
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "cpu/simd_reduce.h"

namespace evalrun {

struct Avx2 {
  using F = __m256;
  using I = __m256i;
  using M = __m256;  // all bits of a lane, or none
  static constexpr int kLanes = 8;

  EVALRUN_INLINE static F zero() { return _mm256_setzero_ps(); }
  EVALRUN_INLINE static F set1(float v) { return _mm256_set1_ps(v); }
  EVALRUN_INLINE static I set1i(int32_t v) { return _mm256_set1_epi32(v); }
  EVALRUN_INLINE static F load(const void* p) { return _mm256_loadu_ps(static_cast<const float*>(p)); }
  // Whole vectors are the rule, and stores through a mask take tens of cycles on some CPUs.
  EVALRUN_INLINE static F load_first(const void* p, int count) {
    if (count >= kLanes) return load(p);
    return _mm256_maskload_ps(static_cast<const float*>(p), _mm256_castps_si256(between(0, count)));
  }
  EVALRUN_INLINE static void store(void* p, F v) { _mm256_storeu_ps(static_cast<float*>(p), v); }
  EVALRUN_INLINE static void store_first(void* p, F v, int count) {
    if (count >= kLanes) return store(p, v);
    _mm256_maskstore_ps(static_cast<float*>(p), _mm256_castps_si256(between(0, count)), v);
  }

  EVALRUN_INLINE static F add(F a, F b) { return _mm256_add_ps(a, b); }
  EVALRUN_INLINE static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  EVALRUN_INLINE static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  EVALRUN_INLINE static F div(F a, F b) { return _mm256_div_ps(a, b); }
  EVALRUN_INLINE static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  // As the instruction does: the second operand when either is NaN.
  EVALRUN_INLINE static F max(F a, F b) { return _mm256_max_ps(a, b); }
  EVALRUN_INLINE static F min(F a, F b) { return _mm256_min_ps(a, b); }
  EVALRUN_INLINE static F round(F a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  EVALRUN_INLINE static F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }

  EVALRUN_INLINE static I bits(F a) { return _mm256_castps_si256(a); }
  EVALRUN_INLINE static F from_bits(I a) { return _mm256_castsi256_ps(a); }
  EVALRUN_INLINE static I to_int(F a) { return _mm256_cvtps_epi32(a); }
  EVALRUN_INLINE static I addi(I a, I b) { return _mm256_add_epi32(a, b); }
  EVALRUN_INLINE static I subi(I a, I b) { return _mm256_sub_epi32(a, b); }
  EVALRUN_INLINE static I andi(I a, I b) { return _mm256_and_si256(a, b); }
  EVALRUN_INLINE static I ori(I a, I b) { return _mm256_or_si256(a, b); }
  template <int N>
  EVALRUN_INLINE static I shl(I a) {
    return _mm256_slli_epi32(a, N);
  }
  template <int N>
  EVALRUN_INLINE static I shr(I a) {
    return _mm256_srli_epi32(a, N);
  }
  template <int N>
  EVALRUN_INLINE static I sar(I a) {
    return _mm256_srai_epi32(a, N);
  }

  EVALRUN_INLINE static M less(F a, F b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  EVALRUN_INLINE static M is_nan(F a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
  EVALRUN_INLINE static M equali(I a, I b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
  // Lanes l with low <= l < high.
  EVALRUN_INLINE static M between(int low, int high) {
    const I lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(low), lane),
                                                   _mm256_cmpgt_epi32(_mm256_set1_epi32(high), lane)));
  }
  // b where the mask is set, else a.
  EVALRUN_INLINE static F select(M m, F a, F b) { return _mm256_blendv_ps(a, b, m); }

  // Eight elements of a storage format, widened.
  EVALRUN_INLINE static I load_u8(const void* p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)));
  }
  EVALRUN_INLINE static I load_u16(const void* p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  EVALRUN_INLINE static I load_u16_first(const void* p, int count) {
    uint16_t values[kLanes] = {};
    __builtin_memcpy(values, p, static_cast<size_t>(count) * 2);
    return load_u16(values);
  }
  // Sixteen e4m3 codes as pairs of bfloat16 that are too small by 2^120: their exponents and mantissas, put in place.
  EVALRUN_INLINE static I load_e4m3_pairs(const void* p) {
    const I codes = _mm256_cvtepu8_epi16(_mm_loadu_si128(static_cast<const __m128i*>(p)));
    const I placed = _mm256_and_si256(_mm256_srai_epi16(_mm256_slli_epi16(codes, 8), 4), _mm256_set1_epi16(static_cast<int16_t>(0x87f0)));
    const I nan = _mm256_cmpeq_epi16(_mm256_or_si256(codes, _mm256_set1_epi16(0x80)), _mm256_set1_epi16(0xff));
    return _mm256_or_si256(placed, nan);
  }
  EVALRUN_INLINE static F load_f16(const void* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  // The low halves of the lanes.
  EVALRUN_INLINE static void store_u16(void* p, I v) {
    const I low = _mm256_and_si256(v, _mm256_set1_epi32(0xffff));
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    _mm_storeu_si128(static_cast<__m128i*>(p), packed);
  }
  // The low bytes of the lanes.
  EVALRUN_INLINE static void store_u8(void* p, I v) {
    const I low = _mm256_and_si256(v, _mm256_set1_epi32(0xff));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    _mm_storel_epi64(static_cast<__m128i*>(p), _mm_packus_epi16(words, words));
  }

  // Sums of the lanes of each of eight vectors, in one fixed tree.
  EVALRUN_INLINE static void sum8(const F* a, float* out) { sum8_avx(a, out); }
  EVALRUN_INLINE static float sum(F a) { return sum_avx(a); }
  EVALRUN_INLINE static void maximum8(const F* a, float* out) { maximum8_avx(a, out); }
  EVALRUN_INLINE static float maximum(F a) { return maximum_avx(a); }
};

}  // namespace evalrun

// AVX-512's instructions for float32.
#pragma once
#include "test/emulated/vectors.h"

namespace evalrun {

EVALRUN_INLINE __m512 _mm512_setzero_ps() { return __m512{}; }
EVALRUN_INLINE __m512 _mm512_set1_ps(float v) {
  return emulated::join(_mm256_set1_ps(v), _mm256_set1_ps(v));
}
EVALRUN_INLINE __m512 _mm512_loadu_ps(const void* p) { return emulated::any<__m512>(p); }
EVALRUN_INLINE __m512 _mm512_load_ps(const void* p) { return _mm512_loadu_ps(emulated::aligned(p)); }
inline __m512 _mm512_maskz_loadu_ps(__mmask16 mask, const void* p) { return emulated::as<__m512>(emulated::load<float>(mask, p)); }
EVALRUN_INLINE void _mm512_storeu_ps(void* p, __m512 v) { __builtin_memcpy(p, &v, 64); }
EVALRUN_INLINE void _mm512_store_ps(void* p, __m512 v) { _mm512_storeu_ps(emulated::aligned(p), v); }
inline void _mm512_mask_storeu_ps(void* p, __mmask16 mask, __m512 v) { emulated::store<float>(p, mask, emulated::as<emulated::V<float>>(v)); }
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_add_ps, _mm256_add_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_sub_ps, _mm256_sub_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_mul_ps, _mm256_mul_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_div_ps, _mm256_div_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_max_ps, _mm256_max_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_min_ps, _mm256_min_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_unpacklo_ps, _mm256_unpacklo_ps)
EVALRUN_EMULATED_HALVES(__m512, emulated::Halves, _mm512_unpackhi_ps, _mm256_unpackhi_ps)
EVALRUN_INLINE __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  const emulated::Halves x{a}, y{b}, z{c};
  return emulated::join(_mm256_fmadd_ps(x.half[0], y.half[0], z.half[0]), _mm256_fmadd_ps(x.half[1], y.half[1], z.half[1]));
}
EVALRUN_INLINE __m512 _mm512_roundscale_ps(__m512 a, int how) {
  if (how != (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)) emulated::fault("a way of rounding that is not emulated");
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  return emulated::join(_mm256_round_ps(emulated::half_of(a, 0), kNearest), _mm256_round_ps(emulated::half_of(a, 1), kNearest));
}
EVALRUN_INLINE __m512 _mm512_abs_ps(__m512 a) {
  const auto bits = emulated::as<emulated::V<uint32_t>>(a);
  return emulated::as<__m512>(bits & 0x7fffffffu);
}
inline __mmask16 _mm512_cmp_ps_mask(__m512 a, __m512 b, int how) {
  return static_cast<__mmask16>(emulated::mask_of<float>([&](int i) {
    switch (how) {
      case _CMP_EQ_OQ:
        return a[i] == b[i];
      case _CMP_LT_OQ:
        return a[i] < b[i];
      case _CMP_UNORD_Q:
        return a[i] != a[i] || b[i] != b[i];
      default:
        emulated::fault("a comparison that is not emulated");
    }
  }));
}
inline __m512 _mm512_mask_blend_ps(__mmask16 mask, __m512 a, __m512 b) {
  using emulated::as, emulated::V;
  return as<__m512>(emulated::blend<float>(mask, as<V<float>>(a), as<V<float>>(b)));
}
EVALRUN_INLINE __m512 _mm512_mask_mov_ps(__m512 otherwise, __mmask16 mask, __m512 a) { return _mm512_mask_blend_ps(mask, otherwise, a); }
EVALRUN_INLINE __m512 _mm512_maskz_mov_ps(__mmask16 mask, __m512 a) { return _mm512_mask_blend_ps(mask, __m512{}, a); }
EVALRUN_INLINE __m512 _mm512_mask_max_ps(__m512 otherwise, __mmask16 mask, __m512 a, __m512 b) {
  return _mm512_mask_blend_ps(mask, otherwise, _mm512_max_ps(a, b));
}
EVALRUN_INLINE float _mm512_cvtss_f32(__m512 a) { return a[0]; }
EVALRUN_INLINE __m256 _mm512_castps512_ps256(__m512 a) { return emulated::half_of(a, 0); }
EVALRUN_INLINE __m256 _mm512_extractf32x8_ps(__m512 a, int half) { return emulated::half_of(a, half & 1); }
EVALRUN_INLINE __m512i _mm512_castps_si512(__m512 a) { return emulated::as<__m512i>(a); }
EVALRUN_INLINE __m512 _mm512_castsi512_ps(__m512i a) { return emulated::as<__m512>(a); }
EVALRUN_INLINE __m512i _mm512_cvtps_epi32(__m512 a) {
  return emulated::join(_mm256_cvtps_epi32(emulated::half_of(a, 0)), _mm256_cvtps_epi32(emulated::half_of(a, 1)));
}
EVALRUN_INLINE __m512 _mm512_cvtph_ps(__m256i a) {
  return emulated::join(_mm256_cvtph_ps(_mm256_castsi256_si128(a)), _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1)));
}
EVALRUN_INLINE __m512 _mm512_shuffle_f32x4(__m512 a, __m512 b, int pick) { return emulated::shuffle_quarters(a, b, pick); }
inline __m512 _mm512_permutexvar_ps(__m512i from, __m512 a) {
  const auto index = emulated::lanes<uint32_t>(from);
  return emulated::as<__m512>(emulated::each<float>([&](int i) { return a[index[i] & 15]; }));
}
inline __m512 _mm512_permutex2var_ps(__m512 a, __m512i from, __m512 b) {
  const auto index = emulated::lanes<uint32_t>(from);
  return emulated::as<__m512>(emulated::each<float>([&](int i) { return (index[i] & 16 ? b : a)[index[i] & 15]; }));
}

}  // namespace evalrun

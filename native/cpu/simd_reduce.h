// Sums and maxima across the eight lanes of AVX registers, in one fixed tree wherever they are used.
#pragma once
#include <immintrin.h>

#include "cpu/inline.h"

namespace evalrun {

// out[i] = ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)) of a[i], for eight vectors at once.
EVALRUN_INLINE void sum8_avx(const __m256* a, float* out) {
  const __m256 low = _mm256_hadd_ps(_mm256_hadd_ps(a[0], a[1]), _mm256_hadd_ps(a[2], a[3]));
  const __m256 high = _mm256_hadd_ps(_mm256_hadd_ps(a[4], a[5]), _mm256_hadd_ps(a[6], a[7]));
  _mm256_storeu_ps(out,
                   _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)));
}

EVALRUN_INLINE float sum_avx(__m256 a) {
  const __m128 pairs = _mm_hadd_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 quads = _mm_hadd_ps(pairs, pairs);
  return _mm_cvtss_f32(_mm_add_ss(quads, _mm_movehdup_ps(quads)));
}

// out[i] = the largest element of a[i], for eight vectors at once.
EVALRUN_INLINE void maximum8_avx(const __m256* a, float* out) {
  const auto join = [](__m256 x, __m256 y) { return _mm256_max_ps(_mm256_shuffle_ps(x, y, 0x88), _mm256_shuffle_ps(x, y, 0xdd)); };
  const __m256 low = join(join(a[0], a[1]), join(a[2], a[3]));
  const __m256 high = join(join(a[4], a[5]), join(a[6], a[7]));
  _mm256_storeu_ps(out,
                   _mm256_max_ps(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)));
}

EVALRUN_INLINE float maximum_avx(__m256 a) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

}  // namespace evalrun

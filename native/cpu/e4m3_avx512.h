// FP8 codes as bfloat16, for files compiled with the AVX-512 flags.
#pragma once
#include "cpu/inline.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

// e4m3 to bfloat16, exact: normal codes shift into place, the eight subnormal magnitudes and NaN come from a table.
EVALRUN_INLINE __m512i e4m3_to_bf16(__m256i codes) {
  const __m512i wide = _mm512_cvtepu8_epi16(codes);
  const __m512i magnitude = _mm512_and_si512(wide, _mm512_set1_epi16(0x7f));
  const __m512i normal = _mm512_add_epi16(_mm512_slli_epi16(magnitude, 4), _mm512_set1_epi16(120 << 7));
  // m * 2^-9 for m = 0..7.
  const __m512i table =
      _mm512_castsi128_si512(_mm_setr_epi16(0, 0x3b00, 0x3b80, 0x3bc0, 0x3c00, 0x3c20, 0x3c40, 0x3c60));
  const __mmask32 small = _mm512_cmplt_epu16_mask(magnitude, _mm512_set1_epi16(8));
  const __m512i finite = _mm512_mask_permutexvar_epi16(normal, small, magnitude, table);
  const __mmask32 nan = _mm512_cmpeq_epi16_mask(magnitude, _mm512_set1_epi16(0x7f));
  const __m512i value = _mm512_mask_blend_epi16(nan, finite, _mm512_set1_epi16(0x7fc0));
  return _mm512_or_si512(value, _mm512_slli_epi16(_mm512_and_si512(wide, _mm512_set1_epi16(0x80)), 8));
}

}  // namespace evalrun

// Limit loop with vdpbf16ps: 32 products of bfloat16 pairs, added to 16 float32 lanes.
#include <immintrin.h>

#include "cpu/limits.h"

namespace evalrun {

float limit_multiply_add_bf16(int64_t rounds) {
  __m512 sum[kLimitSums];
  for (int i = 0; i < kLimitSums; ++i) sum[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f7f);
  const __m512bh b = (__m512bh)_mm512_set1_epi16(0x3a80);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kLimitSums; ++i) sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
  }
  for (int i = 1; i < kLimitSums; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return _mm512_cvtss_f32(sum[0]);
}

}  // namespace evalrun

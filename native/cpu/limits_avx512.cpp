// Limit loops with AVX-512.
#include <immintrin.h>

#include "cpu/limits.h"

namespace evalrun {
namespace {

float multiply_add(int64_t rounds) {
  __m512 sum[kLimitSums];
  for (int i = 0; i < kLimitSums; ++i) sum[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512 a = _mm512_set1_ps(0.999f);
  const __m512 b = _mm512_set1_ps(0.001f);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kLimitSums; ++i) sum[i] = _mm512_fmadd_ps(sum[i], a, b);
  }
  for (int i = 1; i < kLimitSums; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return _mm512_cvtss_f32(sum[0]);
}

float read(const float* block, int64_t count) {
  __m512 sum[4] = {};
  for (int64_t i = 0; i + 64 <= count; i += 64) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[v] = _mm512_add_ps(sum[v], _mm512_load_ps(block + i + 16 * v));
  }
  return _mm512_cvtss_f32(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

}  // namespace

LimitLoops limit_loops_avx512() { return {multiply_add, nullptr, read, 16}; }

}  // namespace evalrun

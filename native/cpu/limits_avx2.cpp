// Limit loops with AVX2 and FMA.
#include <immintrin.h>

#include "cpu/limits.h"

namespace evalrun {
namespace {

float multiply_add(int64_t rounds) {
  // Sixteen registers are all there are: twelve sums leave room for the operands.
  constexpr int kSums = 12;
  __m256 sum[kSums];
  for (int i = 0; i < kSums; ++i) sum[i] = _mm256_set1_ps(static_cast<float>(i));
  const __m256 a = _mm256_set1_ps(0.999f);
  const __m256 b = _mm256_set1_ps(0.001f);
  for (int64_t round = 0; round < rounds * kLimitSums / kSums; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) sum[i] = _mm256_fmadd_ps(sum[i], a, b);
  }
  for (int i = 1; i < kSums; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  return _mm256_cvtss_f32(sum[0]);
}

float read(const float* block, int64_t count) {
  __m256 sum[4] = {};
  for (int64_t i = 0; i + 32 <= count; i += 32) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[v] = _mm256_add_ps(sum[v], _mm256_load_ps(block + i + 8 * v));
  }
  return _mm256_cvtss_f32(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

}  // namespace

LimitLoops limit_loops_avx2() { return {multiply_add, nullptr, read, 8}; }

}  // namespace evalrun

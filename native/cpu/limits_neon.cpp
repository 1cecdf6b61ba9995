// Limit loops with NEON.
#include <arm_neon.h>

#include "cpu/limits.h"

namespace evalrun {
namespace {

float multiply_add(int64_t rounds) {
  float32x4_t sum[kLimitSums];
  for (int i = 0; i < kLimitSums; ++i) sum[i] = vdupq_n_f32(static_cast<float>(i));
  const float32x4_t a = vdupq_n_f32(0.999f);
  const float32x4_t b = vdupq_n_f32(0.001f);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kLimitSums; ++i) sum[i] = vfmaq_f32(sum[i], a, b);
  }
  for (int i = 1; i < kLimitSums; ++i) sum[0] = vaddq_f32(sum[0], sum[i]);
  return vgetq_lane_f32(sum[0], 0);
}

float read(const float* block, int64_t count) {
  float32x4_t sum[8];
  for (float32x4_t& s : sum) s = vdupq_n_f32(0);
  for (int64_t i = 0; i + 32 <= count; i += 32) {
#pragma GCC unroll 8
    for (int v = 0; v < 8; ++v) sum[v] = vaddq_f32(sum[v], vld1q_f32(block + i + 4 * v));
  }
  for (int v = 1; v < 8; ++v) sum[0] = vaddq_f32(sum[0], sum[v]);
  return vgetq_lane_f32(sum[0], 0);
}

}  // namespace

LimitLoops limit_loops_neon() { return {multiply_add, nullptr, read, 4}; }

}  // namespace evalrun

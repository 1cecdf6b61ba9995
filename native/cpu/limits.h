// What this machine can do at most: arithmetic without memory traffic, memory reads without arithmetic.
#pragma once
#include <cstdint>

#include "cpu/features.h"

namespace evalrun {

struct MachineLimits {
  double f32_flops = 0;   // per second, fused multiply-adds counted as two
  double bf16_flops = 0;  // with vdpbf16ps or tdpbf16ps; 0 where the CPU has neither
  double read_bytes = 0;  // per second, from a block that no cache holds
};

// Each is the best of a few tries of about a tenth of a second on `threads` threads at once: what others on the machine take
// is not part of a limit.
MachineLimits measure_limits(int threads);

// A loop for one thread. `rounds` times kLimitFlops operations, or the sum over a block; the result keeps it from being dropped.
struct LimitLoops {
  float (*multiply_add)(int64_t rounds);
  float (*multiply_add_bf16)(int64_t rounds);  // null where there is no such instruction
  float (*read)(const float* block, int64_t count);
  int lanes;                      // float32 lanes of a vector
  double bf16_flops_of_round = 0;
};

// Independent sums in a loop: enough to cover the latency of the instruction on two ports.
constexpr int kLimitSums = 16;

LimitLoops limit_loops_avx2();
LimitLoops limit_loops_avx512();
LimitLoops limit_loops_neon();
float limit_multiply_add_bf16(int64_t rounds);
float limit_multiply_add_bf16_amx(int64_t rounds);

}  // namespace evalrun

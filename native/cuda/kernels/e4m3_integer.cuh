// e4m3 for GPUs that do not convert it (compute capability 8.0): ops/numeric.h in CUDA's words.
#pragma once
#include <cstdint>

#include "cuda/runtime.h"

namespace evalrun::cuda::integer {

// Nearest even, saturating at 448; 0x7f for every NaN.
__device__ __forceinline__ uint8_t to_e4m3(float value) {
  const uint32_t bits = __float_as_uint(value);
  const uint32_t sign = (bits >> 24) & 0x80u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7f;
  if (magnitude >= 0x43e80000u) return static_cast<uint8_t>(sign | 0x7e);  // at least 464, the midpoint above 448
  if (magnitude < 0x3c800000u) {                                          // below 2^-6: multiples of 2^-9
    return static_cast<uint8_t>(sign | static_cast<uint32_t>(__float2int_rn(__uint_as_float(magnitude) * 512.0f)));
  }
  const uint32_t code = ((magnitude + 0x7ffffu + ((magnitude >> 20) & 1)) >> 20) - (120u << 3);
  return static_cast<uint8_t>(sign | (code > 0x7eu ? 0x7eu : code));
}

__device__ __forceinline__ float from_e4m3(uint8_t code) {
  const uint32_t magnitude = code & 0x7fu;
  // Too small by 2^120 when its bits are read as a float32's; this covers subnormals as well.
  const float value = __uint_as_float(magnitude << 20) * __uint_as_float((120u + 127u) << 23);
  const uint32_t bits = magnitude == 0x7fu ? 0x7fc00000u : __float_as_uint(value);
  return __uint_as_float(bits | static_cast<uint32_t>(code & 0x80) << 24);
}

}  // namespace evalrun::cuda::integer

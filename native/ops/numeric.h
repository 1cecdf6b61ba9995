// Conversions between float32 and the storage formats, exact to the bit, in portable scalar code.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "ops/ops.h"

namespace evalrun {

inline float bits_to_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t float_to_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float bf16_to_float(uint16_t bits) { return bits_to_float(static_cast<uint32_t>(bits) << 16); }

// Nearest even; NaN stays a (quiet) NaN.
inline uint16_t float_to_bf16(float value) {
  const uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

inline float round_bf16(float value) { return bf16_to_float(float_to_bf16(value)); }

inline float f16_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  const uint32_t mantissa = half & 0x3ff;
  if (exponent == 0x1f) return bits_to_float(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  return bits_to_float(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

// OCP e4m3fn: bias 7, no infinity, 0x7f and 0xff are NaN, largest 448.
inline float e4m3_to_float(uint8_t code) {
  const uint32_t magnitude = code & 0x7f;
  if (magnitude == 0x7f) return bits_to_float((static_cast<uint32_t>(code & 0x80) << 24) | 0x7fc00000u);
  // The code's exponent and mantissa, read as a float32, are too small by 2^120; this covers subnormals as well.
  const float value = bits_to_float(magnitude << 20) * bits_to_float((120u + 127u) << 23);
  return (code & 0x80) ? -value : value;
}

// Nearest even, saturating at 448; NaN gives 0x7f.
inline uint8_t float_to_e4m3(float value) {
  const uint32_t bits = float_to_bits(value);
  const uint8_t sign = static_cast<uint8_t>((bits >> 24) & 0x80);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7f;
  if (magnitude >= 0x43e80000u) return sign | 0x7e;  // at least 464, the midpoint above 448
  if (magnitude < 0x3c800000u) {                      // below 2^-6: multiples of 2^-9
    const int steps = static_cast<int>(std::nearbyint(bits_to_float(magnitude) * 512.0f));
    return sign | static_cast<uint8_t>(steps);  // 8 steps are 2^-6, code 0x08, the first normal number
  }
  const uint32_t rounded = magnitude + 0x7ffffu + ((magnitude >> 20) & 1);
  const uint32_t code = (rounded >> 20) - (120u << 3);
  return sign | static_cast<uint8_t>(code > 0x7e ? 0x7e : code);
}

// Element i of a weight's storage as float32, without its block scale.
inline float load_element(const void* data, DType dtype, int64_t i) {
  switch (dtype) {
    case DType::kF32: {
      float value;
      std::memcpy(&value, static_cast<const char*>(data) + i * 4, 4);
      return value;
    }
    case DType::kF16: {
      uint16_t half;
      std::memcpy(&half, static_cast<const char*>(data) + i * 2, 2);
      return f16_to_float(half);
    }
    case DType::kBF16: {
      uint16_t half;
      std::memcpy(&half, static_cast<const char*>(data) + i * 2, 2);
      return bf16_to_float(half);
    }
    case DType::kF8E4M3:
      return e4m3_to_float(static_cast<const uint8_t*>(data)[i]);
  }
  return 0;
}

// Element [row, column] of a weight as it is meant, block scale applied.
inline float load_weight(const Weight& w, int64_t row, int64_t column) {
  const float value = load_element(w.data, w.dtype, row * w.columns + column);
  if (w.dtype != DType::kF8E4M3) return value;
  const int64_t scale_columns = (w.columns + kQuantBlock - 1) / kQuantBlock;
  return value * w.scale[(row / kQuantBlock) * scale_columns + column / kQuantBlock];
}

inline int64_t element_size(DType dtype) {
  switch (dtype) {
    case DType::kF32: return 4;
    case DType::kF16:
    case DType::kBF16: return 2;
    case DType::kF8E4M3: return 1;
  }
  return 0;
}

// Scale of one activation group and its quantised value; see Precision::kFP8.
inline float activation_scale(float amax) { return (amax < 1e-4f ? 1e-4f : amax) / 448.0f; }

}  // namespace evalrun

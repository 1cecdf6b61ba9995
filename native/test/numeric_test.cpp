// Conversions between float32 and the storage formats, against definitions written independently of them.
#include <cmath>
#include <limits>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

// sign * 2^(exponent - bias) * (1 + mantissa / 2^bits), or without the 1 and with exponent 1 where the exponent field
// is 0.
double decode(uint32_t code, int exponent_bits, int mantissa_bits, int bias) {
  const uint32_t mantissa = code & ((1u << mantissa_bits) - 1);
  const uint32_t exponent = (code >> mantissa_bits) & ((1u << exponent_bits) - 1);
  const double sign = code >> (exponent_bits + mantissa_bits) ? -1 : 1;
  const double fraction = mantissa * std::pow(2.0, -mantissa_bits);
  return sign * (exponent == 0 ? std::pow(2.0, 1 - bias) * fraction
                               : std::pow(2.0, static_cast<int>(exponent) - bias) * (1 + fraction));
}

std::string bf16_codes() {
  for (uint32_t code = 0; code < 65536; ++code) {
    const float value = bf16_to_float(static_cast<uint16_t>(code));
    const bool special = ((code >> 7) & 0xff) == 0xff;
    const std::string where = print("bfloat16 %04x", code);
    if (special && (code & 0x7f) != 0) {
      expect(std::isnan(value) && std::isnan(bf16_to_float(float_to_bf16(value))), where + " must be and stay NaN");
      continue;
    }
    if (special) {
      expect(std::isinf(value) && std::signbit(value) == (code >> 15 != 0), where + " must be infinite");
    } else {
      expect(static_cast<double>(value) == decode(code, 8, 7, 127), where + " has the wrong value");
    }
    expect(float_to_bf16(value) == code, where + " does not return to itself");
  }
  return "65536 codes";
}

std::string f16_codes() {
  for (uint32_t code = 0; code < 65536; ++code) {
    const float value = f16_to_float(static_cast<uint16_t>(code));
    const std::string where = print("float16 %04x", code);
    if (((code >> 10) & 0x1f) == 0x1f) {
      expect((code & 0x3ff) != 0 ? std::isnan(value) : std::isinf(value), where + " must be infinite or NaN");
    } else {
      expect(static_cast<double>(value) == decode(code, 5, 10, 15), where + " has the wrong value");
    }
    expect(std::signbit(value) == (code >> 15 != 0) || std::isnan(value), where + " has the wrong sign");
  }
  return "65536 codes";
}

std::string e4m3_codes() {
  for (uint32_t code = 0; code < 256; ++code) {
    const float value = e4m3_to_float(static_cast<uint8_t>(code));
    const std::string where = print("e4m3 %02x", code);
    if ((code & 0x7f) == 0x7f) {
      expect(std::isnan(value), where + " must be NaN");
      expect((float_to_e4m3(value) & 0x7f) == 0x7f, where + " must stay NaN");
      continue;
    }
    expect(static_cast<double>(value) == decode(code, 4, 3, 7), where + " has the wrong value");
    expect(float_to_e4m3(value) == code, where + " does not return to itself");
  }
  return "256 codes";
}

// The nearest of all values that a format holds, the even code among equals, found by looking at each.
uint32_t nearest_code(double value, uint32_t codes, double (*decode_code)(uint32_t)) {
  uint32_t best = 0;
  double distance = std::numeric_limits<double>::infinity();
  for (uint32_t code = 0; code < codes; ++code) {
    const double difference = std::fabs(decode_code(code) - value);
    if (difference < distance || (difference == distance && code % 2 == 0)) {
      best = code;
      distance = difference;
    }
  }
  return best;
}

std::string rounds_to_e4m3() {
  auto check = [](float value) {
    const uint32_t expected =
        nearest_code(std::fabs(static_cast<double>(value)), 0x7f, [](uint32_t c) { return decode(c, 4, 3, 7); });
    const uint32_t sign = std::signbit(value) ? 0x80 : 0;
    expect(float_to_e4m3(value) == (expected | sign),
           print("%.9g gives e4m3 %02x, the nearest is %02x", value, float_to_e4m3(value), expected | sign));
  };
  Random random(31);
  long count = 0;
  for (uint32_t code = 0; code < 0x7e; ++code) {
    // Every code's upper edge, and the numbers next to it.
    const float edge = static_cast<float>((decode(code, 4, 3, 7) + decode(code + 1, 4, 3, 7)) / 2);
    for (float value : {edge, std::nextafter(edge, 0.0f), std::nextafter(edge, 1e9f)}) {
      check(value);
      check(-value);
      count += 2;
    }
  }
  for (int i = 0; i < 20000; ++i, ++count)
    check(random.normal() * std::exp2(static_cast<float>(random.below(24) - 14)));
  for (float value :
       {0.0f, -0.0f, 1e-30f, 448.0f, 463.99f, 464.0f, 480.0f, 1e30f, std::numeric_limits<float>::infinity()})
    check(value);
  return print("%ld values against the nearest of all codes", count);
}

std::string rounds_to_bf16() {
  Random random(32);
  for (int i = 0; i < 200000; ++i) {
    const float value = bits_to_float(random.bits());
    const uint16_t code = float_to_bf16(value);
    if (std::isnan(value)) {
      expect(std::isnan(bf16_to_float(code)), "NaN must stay NaN");
      continue;
    }
    // The neighbours toward and away from zero; the nearer one, or the even one in the middle.
    const uint16_t toward = static_cast<uint16_t>(float_to_bits(value) >> 16);
    const double low = std::fabs(static_cast<double>(bf16_to_float(toward)));
    const double step = decode((toward & 0x7fff) | 1, 8, 7, 127) - decode((toward & 0x7fff) & ~1u, 8, 7, 127);
    const double middle = low + step / 2;
    const double magnitude = std::fabs(static_cast<double>(value));
    const bool up = magnitude > middle || (magnitude == middle && toward % 2 == 1);
    if (std::isinf(value)) continue;
    expect(code == static_cast<uint16_t>(toward + (up ? 1 : 0)),
           print("%.9g (%08x) gives bfloat16 %04x", value, float_to_bits(value), code));
  }
  return "200000 values";
}

const Suite kSuite([] {
  add("bfloat16 has the value of each code and returns to it", bf16_codes);
  add("float16 has the value of each code", f16_codes);
  add("e4m3 has the value of each code and returns to it", e4m3_codes);
  add("e4m3 rounds to the nearest code, the even one in the middle, and saturates", rounds_to_e4m3);
  add("bfloat16 rounds to the nearest code, the even one in the middle", rounds_to_bf16);
});

}  // namespace
}  // namespace evalrun::test

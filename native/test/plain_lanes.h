// Vectors of N float32 that are plain arrays, under the names that the vector kernels are written in (cpu/simd_avx512.h): what each of
// them means, on every CPU and for every width.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "ops/numeric.h"

namespace evalrun::test {

template <int N>
struct PlainLanes {
  struct F {
    float v[N];
  };
  struct I {
    uint32_t v[N];
  };
  using M = I;  // all bits of a lane, or none
  static constexpr int kLanes = N;

  template <class Out, class Body>
  static Out each(const Body& body) {
    Out out;
    for (int i = 0; i < N; ++i) out.v[i] = body(i);
    return out;
  }
  template <class Body>
  static I mask(const Body& body) {
    return each<I>([&](int i) { return body(i) ? ~uint32_t{0} : 0; });
  }

  static F zero() { return set1(0); }
  static F set1(float value) { return each<F>([&](int) { return value; }); }
  static I set1i(int32_t value) { return each<I>([&](int) { return static_cast<uint32_t>(value); }); }
  static F load(const void* p) { return load_first(p, N); }
  static F load_first(const void* p, int count) {
    F out = zero();
    std::memcpy(out.v, p, static_cast<size_t>(room(count)) * 4);
    return out;
  }
  static void store(void* p, F value) { store_first(p, value, N); }
  static void store_first(void* p, F value, int count) { std::memcpy(p, value.v, static_cast<size_t>(room(count)) * 4); }

  static F add(F a, F b) { return each<F>([&](int i) { return a.v[i] + b.v[i]; }); }
  static F sub(F a, F b) { return each<F>([&](int i) { return a.v[i] - b.v[i]; }); }
  static F mul(F a, F b) { return each<F>([&](int i) { return a.v[i] * b.v[i]; }); }
  static F div(F a, F b) { return each<F>([&](int i) { return a.v[i] / b.v[i]; }); }
  static F fma(F a, F b, F c) { return each<F>([&](int i) { return std::fma(a.v[i], b.v[i], c.v[i]); }); }
  static F max(F a, F b) { return each<F>([&](int i) { return larger(a.v[i], b.v[i]); }); }
  static F min(F a, F b) { return each<F>([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; }); }
  static F round(F a) { return each<F>([&](int i) { return std::nearbyint(a.v[i]); }); }
  static F abs(F a) { return each<F>([&](int i) { return std::fabs(a.v[i]); }); }

  static I bits(F a) { return each<I>([&](int i) { return float_to_bits(a.v[i]); }); }
  static F from_bits(I a) { return each<F>([&](int i) { return bits_to_float(a.v[i]); }); }
  static I to_int(F a) { return each<I>([&](int i) { return static_cast<uint32_t>(static_cast<int32_t>(std::nearbyint(a.v[i]))); }); }
  static I addi(I a, I b) { return each<I>([&](int i) { return a.v[i] + b.v[i]; }); }
  static I subi(I a, I b) { return each<I>([&](int i) { return a.v[i] - b.v[i]; }); }
  static I andi(I a, I b) { return each<I>([&](int i) { return a.v[i] & b.v[i]; }); }
  static I ori(I a, I b) { return each<I>([&](int i) { return a.v[i] | b.v[i]; }); }
  template <int kBits>
  static I shl(I a) {
    return each<I>([&](int i) { return a.v[i] << kBits; });
  }
  template <int kBits>
  static I shr(I a) {
    return each<I>([&](int i) { return a.v[i] >> kBits; });
  }
  template <int kBits>
  static I sar(I a) {
    return each<I>([&](int i) { return static_cast<uint32_t>(static_cast<int32_t>(a.v[i]) >> kBits); });
  }

  static M less(F a, F b) { return mask([&](int i) { return a.v[i] < b.v[i]; }); }
  static M is_nan(F a) { return mask([&](int i) { return a.v[i] != a.v[i]; }); }
  static M equali(I a, I b) { return mask([&](int i) { return a.v[i] == b.v[i]; }); }
  static M between(int low, int high) { return mask([&](int i) { return low <= i && i < high; }); }
  static F select(M m, F a, F b) { return each<F>([&](int i) { return m.v[i] != 0 ? b.v[i] : a.v[i]; }); }

  static I load_u8(const void* p) { return widened<uint8_t>(p, N); }
  static I load_u16(const void* p) { return widened<uint16_t>(p, N); }
  static I load_u16_first(const void* p, int count) { return widened<uint16_t>(p, count); }
  static I load_e4m3_pairs(const void* p) {
    const auto placed = [&](int i) {
      const uint32_t code = static_cast<const uint8_t*>(p)[i];
      return (code & 0x7f) == 0x7f ? 0xffffu : (code & 0x80) << 8 | (code & 0x7f) << 4;
    };
    return each<I>([&](int i) { return placed(2 * i) | placed(2 * i + 1) << 16; });
  }
  static F load_f16(const void* p) {
    const I halves = widened<uint16_t>(p, N);
    return each<F>([&](int i) { return f16_to_float(static_cast<uint16_t>(halves.v[i])); });
  }
  static void store_u16(void* p, I v) { narrowed<uint16_t>(p, v); }
  static void store_u8(void* p, I v) { narrowed<uint8_t>(p, v); }

  static float sum(F a) {
    return reduced(a, [](float x, float y) { return x + y; }, 1);
  }
  static void sum8(const F* a, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = sum(a[i]);
  }
  static float maximum(F a) { return reduced(a, larger, 4); }
  static void maximum8(const F* a, float* out) {
    for (int i = 0; i < 8; ++i) out[i] = reduced(a[i], larger, 1);
  }

 private:
  static int room(int count) { return count < 0 ? 0 : count < N ? count : N; }
  static float larger(float a, float b) { return a > b ? a : b; }
  template <class Element>
  static I widened(const void* p, int count) {
    Element values[N] = {};
    std::memcpy(values, p, static_cast<size_t>(count) * sizeof(Element));
    return each<I>([&](int i) { return static_cast<uint32_t>(values[i]); });
  }
  template <class Element>
  static void narrowed(void* p, I v) {
    Element values[N];
    for (int i = 0; i < N; ++i) values[i] = static_cast<Element>(v.v[i]);
    std::memcpy(p, values, sizeof(values));
  }
  // Halves of more than eight lanes meet first, lane by lane. Eight then meet their neighbours (first_step 1) or halves again (4).
  template <class Join>
  static float reduced(F a, const Join& join, int first_step) {
    int lanes = N;
    for (; lanes > 8; lanes /= 2) {
      for (int i = 0; i < lanes / 2; ++i) a.v[i] = join(a.v[i], a.v[i + lanes / 2]);
    }
    if (first_step == 1) {
      for (int step = 1; step < lanes; step *= 2) {
        for (int i = 0; i < lanes; i += 2 * step) a.v[i] = join(a.v[i], a.v[i + step]);
      }
    } else {
      for (int step = lanes / 2; step > 0; step /= 2) {
        for (int i = 0; i < step; ++i) a.v[i] = join(a.v[i], a.v[i + step]);
      }
    }
    return a.v[0];
  }
};

}  // namespace evalrun::test

// Vectors of 64 bytes on a CPU that has those of 32: what the emulated instructions are written in.
#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cpu/inline.h"

// Where the compiler has a macro, no function can have the name.
#undef _mm512_cmp_ps_mask
#undef _mm512_cmpeq_epi16_mask
#undef _mm512_cmpeq_epi32_mask
#undef _mm512_cmpge_epu16_mask
#undef _mm512_cmple_epu8_mask
#undef _mm512_cmplt_epu16_mask
#undef _mm512_cmpneq_epi8_mask
#undef _mm512_extractf32x8_ps
#undef _mm512_roundscale_ps
#undef _mm512_setr_epi32
#undef _mm512_setr_epi64
#undef _mm512_shuffle_f32x4
#undef _mm512_shuffle_i32x4
#undef _mm512_slli_epi16
#undef _mm512_slli_epi32
#undef _mm512_srai_epi16
#undef _mm512_srai_epi32
#undef _mm512_srli_epi16
#undef _mm512_srli_epi32
#undef _mm512_ternarylogic_epi32
#undef _tile_dpbf16ps
#undef _tile_loadconfig
#undef _tile_loadd
#undef _tile_release
#undef _tile_stored
#undef _tile_zero

namespace evalrun::emulated {

template <class T>
struct Vector {
  typedef T Type __attribute__((vector_size(64)));
};
template <class T>
using V = typename Vector<T>::Type;

template <class To, class From>
EVALRUN_INLINE To as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof(to));
  return to;
}

template <class T>
EVALRUN_INLINE V<T> lanes(__m512i x) {
  return as<V<T>>(x);
}
template <class T>
EVALRUN_INLINE __m512i whole(V<T> x) {
  return as<__m512i>(x);
}

template <class T>
constexpr int kLanes = 64 / sizeof(T);

// Lane i of the result is lane_of(i).
template <class T, class LaneOf>
EVALRUN_INLINE V<T> each(const LaneOf& lane_of) {
  alignas(64) T out[kLanes<T>];
  for (int i = 0; i < kLanes<T>; ++i) out[i] = lane_of(i);
  return as<V<T>>(out);
}

// Lanes of `b` where the mask's bit is set, else of `a`.
template <class T>
EVALRUN_INLINE V<T> blend(uint64_t mask, V<T> a, V<T> b) {
  return each<T>([&](int i) { return mask >> i & 1 ? b[i] : a[i]; });
}

template <class T, class Holds>
EVALRUN_INLINE uint64_t mask_of(const Holds& holds) {
  uint64_t mask = 0;
  for (int i = 0; i < kLanes<T>; ++i) mask |= static_cast<uint64_t>(holds(i)) << i;
  return mask;
}

// Memory of lanes that the mask leaves out is not touched.
template <class T>
EVALRUN_INLINE V<T> load(uint64_t mask, const void* p) {
  const char* at = static_cast<const char*>(p);
  return each<T>([&](int i) {
    T value = 0;
    if (mask >> i & 1) std::memcpy(&value, at + i * sizeof(T), sizeof(T));
    return value;
  });
}

template <class T>
EVALRUN_INLINE void store(void* p, uint64_t mask, V<T> x) {
  char* at = static_cast<char*>(p);
  for (int i = 0; i < kLanes<T>; ++i) {
    const T value = x[i];
    if (mask >> i & 1) std::memcpy(at + i * sizeof(T), &value, sizeof(T));
  }
}

[[noreturn]] inline void fault(const char* what) {
  std::fprintf(stderr, "emulated CPU: %s\n", what);
  std::abort();
}

template <class P>
EVALRUN_INLINE P* aligned(P* p) {
  if (reinterpret_cast<uintptr_t>(p) % 64 != 0) fault("an address of an aligned load or store is no multiple of 64");
  return p;
}

template <class T>
EVALRUN_INLINE T any(const void* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof(value));
  return value;
}

// Two halves, for what AVX2 does to each of them.
union Halves {
  __m512 whole;
  __m256 half[2];
};
union IntegerHalves {
  __m512i whole;
  __m256i half[2];
};

EVALRUN_INLINE __m256 half_of(__m512 x, int half) { return Halves{x}.half[half]; }
EVALRUN_INLINE __m512 join(__m256 low, __m256 high) {
  Halves halves;
  halves.half[0] = low;
  halves.half[1] = high;
  return halves.whole;
}
EVALRUN_INLINE __m512i join(__m256i low, __m256i high) {
  IntegerHalves halves;
  halves.half[0] = low;
  halves.half[1] = high;
  return halves.whole;
}

// An instruction for two vectors that does half_name() to each half.
#define EVALRUN_EMULATED_HALVES(Whole, Split, name, half_name)                               \
  EVALRUN_INLINE Whole name(Whole x, Whole y) {                                              \
    const Split a{x}, b{y};                                                                  \
    return emulated::join(half_name(a.half[0], b.half[0]), half_name(a.half[1], b.half[1])); \
  }

// Quarters of 16 bytes: two of a, two of b, by pairs of bits of `pick`.
template <class X>
EVALRUN_INLINE X shuffle_quarters(const X& a, const X& b, int pick) {
  alignas(64) char out[64];
  for (int q = 0; q < 4; ++q) {
    std::memcpy(out + q * 16, reinterpret_cast<const char*>(q < 2 ? &a : &b) + (pick >> 2 * q & 3) * 16, 16);
  }
  return any<X>(out);
}

}  // namespace evalrun::emulated

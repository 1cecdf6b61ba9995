// Eight float32 lanes in two registers of NEON, under the names that the vector kernels are written in (simd_avx512.h).
//
// Two registers, because eight lanes are what AVX2 has: sums then go through the same trees, and both give the same bits.
#pragma once
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "cpu/inline.h"

namespace evalrun {

struct Neon {
  // Plain pairs: compilers keep them in registers of their choice, unlike float32x4x2_t.
  struct F {
    float32x4_t low, high;
  };
  struct I {
    uint32x4_t low, high;
  };
  using M = I;  // all bits of a lane, or none
  static constexpr int kLanes = 8;

  EVALRUN_INLINE static F zero() { return set1(0); }
  EVALRUN_INLINE static F set1(float v) { return {vdupq_n_f32(v), vdupq_n_f32(v)}; }
  EVALRUN_INLINE static I set1i(int32_t v) { return {vdupq_n_u32(static_cast<uint32_t>(v)), vdupq_n_u32(static_cast<uint32_t>(v))}; }
  EVALRUN_INLINE static F load(const void* p) {
    const float* from = static_cast<const float*>(p);
    return {vld1q_f32(from), vld1q_f32(from + 4)};
  }
  EVALRUN_INLINE static F load_first(const void* p, int count) {
    if (count >= kLanes) return load(p);
    float lanes[kLanes] = {};
    if (count > 0) __builtin_memcpy(lanes, p, static_cast<size_t>(count) * 4);
    return load(lanes);
  }
  EVALRUN_INLINE static void store(void* p, F v) {
    float* to = static_cast<float*>(p);
    vst1q_f32(to, v.low);
    vst1q_f32(to + 4, v.high);
  }
  EVALRUN_INLINE static void store_first(void* p, F v, int count) {
    if (count >= kLanes) return store(p, v);
    float lanes[kLanes];
    store(lanes, v);
    if (count > 0) __builtin_memcpy(p, lanes, static_cast<size_t>(count) * 4);
  }

  EVALRUN_INLINE static F add(F a, F b) { return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }
  EVALRUN_INLINE static F sub(F a, F b) { return {vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)}; }
  EVALRUN_INLINE static F mul(F a, F b) { return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)}; }
  EVALRUN_INLINE static F div(F a, F b) { return {vdivq_f32(a.low, b.low), vdivq_f32(a.high, b.high)}; }
  EVALRUN_INLINE static F fma(F a, F b, F c) { return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)}; }
  // The second operand when either is NaN, and of two zeros, as on x86: fmax and fmaxnm have other rules.
  EVALRUN_INLINE static F max(F a, F b) { return {larger(a.low, b.low), larger(a.high, b.high)}; }
  EVALRUN_INLINE static F min(F a, F b) { return {smaller(a.low, b.low), smaller(a.high, b.high)}; }
  EVALRUN_INLINE static F round(F a) { return {vrndnq_f32(a.low), vrndnq_f32(a.high)}; }
  EVALRUN_INLINE static F abs(F a) { return {vabsq_f32(a.low), vabsq_f32(a.high)}; }

  EVALRUN_INLINE static I bits(F a) { return {vreinterpretq_u32_f32(a.low), vreinterpretq_u32_f32(a.high)}; }
  EVALRUN_INLINE static F from_bits(I a) { return {vreinterpretq_f32_u32(a.low), vreinterpretq_f32_u32(a.high)}; }
  // Nearest even. What is no int32 becomes the nearest one, and NaN 0: on x86 both are -2^31.
  EVALRUN_INLINE static I to_int(F a) {
    return {vreinterpretq_u32_s32(vcvtnq_s32_f32(a.low)), vreinterpretq_u32_s32(vcvtnq_s32_f32(a.high))};
  }
  EVALRUN_INLINE static I addi(I a, I b) { return {vaddq_u32(a.low, b.low), vaddq_u32(a.high, b.high)}; }
  EVALRUN_INLINE static I subi(I a, I b) { return {vsubq_u32(a.low, b.low), vsubq_u32(a.high, b.high)}; }
  EVALRUN_INLINE static I andi(I a, I b) { return {vandq_u32(a.low, b.low), vandq_u32(a.high, b.high)}; }
  EVALRUN_INLINE static I ori(I a, I b) { return {vorrq_u32(a.low, b.low), vorrq_u32(a.high, b.high)}; }
  template <int N>
  EVALRUN_INLINE static I shl(I a) {
    return {vshlq_n_u32(a.low, N), vshlq_n_u32(a.high, N)};
  }
  template <int N>
  EVALRUN_INLINE static I shr(I a) {
    return {vshrq_n_u32(a.low, N), vshrq_n_u32(a.high, N)};
  }
  template <int N>
  EVALRUN_INLINE static I sar(I a) {
    const auto shift = [](uint32x4_t x) { return vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(x), N)); };
    return {shift(a.low), shift(a.high)};
  }

  EVALRUN_INLINE static M less(F a, F b) { return {vcltq_f32(a.low, b.low), vcltq_f32(a.high, b.high)}; }
  EVALRUN_INLINE static M is_nan(F a) { return {vmvnq_u32(vceqq_f32(a.low, a.low)), vmvnq_u32(vceqq_f32(a.high, a.high))}; }
  EVALRUN_INLINE static M equali(I a, I b) { return {vceqq_u32(a.low, b.low), vceqq_u32(a.high, b.high)}; }
  // Lanes l with low <= l < high.
  EVALRUN_INLINE static M between(int low, int high) {
    const int32x4_t lane = {0, 1, 2, 3};
    const int32x4_t from = vdupq_n_s32(low), to = vdupq_n_s32(high);
    const int32x4_t upper = vaddq_s32(lane, vdupq_n_s32(4));
    return {vandq_u32(vcgeq_s32(lane, from), vcltq_s32(lane, to)), vandq_u32(vcgeq_s32(upper, from), vcltq_s32(upper, to))};
  }
  // b where the mask is set, else a.
  EVALRUN_INLINE static F select(M m, F a, F b) { return {vbslq_f32(m.low, b.low, a.low), vbslq_f32(m.high, b.high, a.high)}; }

  // Eight elements of a storage format, widened.
  EVALRUN_INLINE static I load_u8(const void* p) { return widen(vmovl_u8(vld1_u8(static_cast<const uint8_t*>(p)))); }
  EVALRUN_INLINE static I load_u16(const void* p) { return widen(load_halves(p)); }
  EVALRUN_INLINE static I load_u16_first(const void* p, int count) {
    uint16_t values[kLanes] = {};
    __builtin_memcpy(values, p, static_cast<size_t>(count) * 2);
    return load_u16(values);
  }
  // Sixteen e4m3 codes as pairs of bfloat16 that are too small by 2^120: their exponents and mantissas, put in place.
  EVALRUN_INLINE static I load_e4m3_pairs(const void* p) {
    const uint8x16_t codes = vld1q_u8(static_cast<const uint8_t*>(p));
    return {place_e4m3(vmovl_u8(vget_low_u8(codes))), place_e4m3(vmovl_high_u8(codes))};
  }
  EVALRUN_INLINE static F load_f16(const void* p) {
    const float16x8_t halves = vreinterpretq_f16_u16(load_halves(p));
    return {vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)};
  }
  // The low halves of the lanes.
  EVALRUN_INLINE static void store_u16(void* p, I v) {
    const uint16x8_t halves = narrow(v);
    __builtin_memcpy(p, &halves, sizeof(halves));
  }
  // The low bytes of the lanes.
  EVALRUN_INLINE static void store_u8(void* p, I v) { vst1_u8(static_cast<uint8_t*>(p), vmovn_u16(narrow(v))); }

  // Sums of the lanes of each of eight vectors: ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)).
  EVALRUN_INLINE static void sum8(const F* a, float* out) {
    const auto neighbours = [](float32x4_t x, float32x4_t y) { return vpaddq_f32(x, y); };
    const auto halves = [](float32x4_t x, float32x4_t y) { return vaddq_f32(x, y); };
    across8(a, out, neighbours, halves);
  }
  EVALRUN_INLINE static float sum(F a) {
    const float32x4_t pairs = vpaddq_f32(a.low, a.high);
    const float32x4_t quads = vpaddq_f32(pairs, pairs);
    return vgetq_lane_f32(quads, 0) + vgetq_lane_f32(quads, 1);
  }
  // In the order of simd_reduce.h, which decides between two zeros, and what NaN does.
  EVALRUN_INLINE static void maximum8(const F* a, float* out) {
    const auto neighbours = [](float32x4_t x, float32x4_t y) { return larger(vuzp1q_f32(x, y), vuzp2q_f32(x, y)); };
    const auto halves = [](float32x4_t x, float32x4_t y) { return larger(x, y); };
    across8(a, out, neighbours, halves);
  }
  EVALRUN_INLINE static float maximum(F a) {
    const float32x4_t four = larger(a.low, a.high);
    const float32x4_t two = larger(four, vextq_f32(four, four, 2));
    return vgetq_lane_f32(larger(two, vdupq_laneq_f32(two, 1)), 0);
  }

 private:
  // neighbours(x, y): those of x joined, then those of y. halves(x, y): lane by lane.
  template <class Neighbours, class Halves>
  EVALRUN_INLINE static void across8(const F* a, float* out, const Neighbours& neighbours, const Halves& halves) {
    const auto four = [&](int i) {
      const float32x4_t low = neighbours(neighbours(a[i].low, a[i + 1].low), neighbours(a[i + 2].low, a[i + 3].low));
      const float32x4_t high = neighbours(neighbours(a[i].high, a[i + 1].high), neighbours(a[i + 2].high, a[i + 3].high));
      return halves(low, high);
    };
    store(out, {four(0), four(4)});
  }
  EVALRUN_INLINE static float32x4_t larger(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  EVALRUN_INLINE static float32x4_t smaller(float32x4_t a, float32x4_t b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  EVALRUN_INLINE static I widen(uint16x8_t x) { return {vmovl_u16(vget_low_u16(x)), vmovl_high_u16(x)}; }
  EVALRUN_INLINE static uint16x8_t narrow(I v) { return vmovn_high_u32(vmovn_u32(v.low), v.high); }
  // bfloat16 and float16 lie wherever a file has them, odd addresses included.
  EVALRUN_INLINE static uint16x8_t load_halves(const void* p) { return vreinterpretq_u16_u8(vld1q_u8(static_cast<const uint8_t*>(p))); }
  EVALRUN_INLINE static uint32x4_t place_e4m3(uint16x8_t codes) {
    const int16x8_t spread = vshrq_n_s16(vreinterpretq_s16_u16(vshlq_n_u16(codes, 8)), 4);
    const uint16x8_t placed = vandq_u16(vreinterpretq_u16_s16(spread), vdupq_n_u16(0x87f0));
    const uint16x8_t nan = vceqq_u16(vorrq_u16(codes, vdupq_n_u16(0x80)), vdupq_n_u16(0xff));
    return vreinterpretq_u32_u16(vorrq_u16(placed, nan));
  }
};

}  // namespace evalrun

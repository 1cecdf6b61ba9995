// Every name of a vector type, and the formulas written with them, as functions over plain words: how the files compiled for an
// instruction set show them to the test.
#pragma once
#include <cstdint>

#include "cpu/dot_convert.h"
#include "cpu/vector_exp.h"

namespace evalrun::test {

// Words of the operands: up to eight vectors of sixteen lanes.
constexpr int kLaneOperands = 8 * 16;
constexpr int kLaneResults = 1024;

struct LaneOp {
  const char* name;
  void (*run)(const uint32_t* in, uint32_t* out);
};

template <class V>
struct LaneOps {
  using F = typename V::F;
  using I = typename V::I;
  using M = typename V::M;
  static constexpr int kLanes = V::kLanes;

  EVALRUN_INLINE static F f(const uint32_t* in, int vector) { return V::load(in + vector * kLanes); }
  EVALRUN_INLINE static I i(const uint32_t* in, int vector) { return V::bits(f(in, vector)); }
  EVALRUN_INLINE static void put(uint32_t* out, F value) { V::store(out, value); }
  EVALRUN_INLINE static void put_bits(uint32_t* out, I value) { V::store(out, V::from_bits(value)); }
  EVALRUN_INLINE static void put_mask(uint32_t* out, M mask) { V::store(out, V::select(mask, V::zero(), V::set1(1))); }

  EVALRUN_INLINE static float bits_as_float(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
  }
  EVALRUN_INLINE static F below_zero(const uint32_t* in) { return V::sub(V::zero(), V::abs(f(in, 0))); }
  template <class Reduce>
  EVALRUN_INLINE static void across(const uint32_t* in, uint32_t* out, const Reduce& reduce) {
    F vectors[8];
    for (int v = 0; v < 8; ++v) vectors[v] = f(in, v);
    float results[8];
    reduce(vectors, results);
    __builtin_memcpy(out, results, sizeof(results));
  }

  static constexpr LaneOp kOps[] = {
      {"zero", [](const uint32_t*, uint32_t* out) { put(out, V::zero()); }},
      {"set1", [](const uint32_t* in, uint32_t* out) { put(out, V::set1(bits_as_float(in[0]))); }},
      {"set1i", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::set1i(static_cast<int32_t>(in[0]))); }},
      {"load_first", [](const uint32_t* in, uint32_t* out) {
         for (int n = 0; n <= kLanes + 1; ++n) put(out + n * kLanes, V::load_first(in, n));
       }},
      {"store_first", [](const uint32_t* in, uint32_t* out) {
         for (int n = 0; n <= kLanes + 1; ++n) V::store_first(out + n * (kLanes + 1), f(in, 0), n);
       }},
      {"add", [](const uint32_t* in, uint32_t* out) { put(out, V::add(f(in, 0), f(in, 1))); }},
      {"sub", [](const uint32_t* in, uint32_t* out) { put(out, V::sub(f(in, 0), f(in, 1))); }},
      {"mul", [](const uint32_t* in, uint32_t* out) { put(out, V::mul(f(in, 0), f(in, 1))); }},
      {"div", [](const uint32_t* in, uint32_t* out) { put(out, V::div(f(in, 0), f(in, 1))); }},
      {"fma", [](const uint32_t* in, uint32_t* out) { put(out, V::fma(f(in, 0), f(in, 1), f(in, 2))); }},
      {"max", [](const uint32_t* in, uint32_t* out) { put(out, V::max(f(in, 0), f(in, 1))); }},
      {"min", [](const uint32_t* in, uint32_t* out) { put(out, V::min(f(in, 0), f(in, 1))); }},
      {"round", [](const uint32_t* in, uint32_t* out) { put(out, V::round(f(in, 0))); }},
      {"abs", [](const uint32_t* in, uint32_t* out) { put(out, V::abs(f(in, 0))); }},
      // Of what is an int32: instruction sets differ about the rest.
      {"to_int", [](const uint32_t* in, uint32_t* out) {
         const F number = V::select(V::is_nan(f(in, 0)), f(in, 0), V::zero());
         put_bits(out, V::to_int(V::max(V::set1(-2e9f), V::min(V::set1(2e9f), number))));
       }},
      {"addi", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::addi(i(in, 0), i(in, 1))); }},
      {"subi", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::subi(i(in, 0), i(in, 1))); }},
      {"andi", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::andi(i(in, 0), i(in, 1))); }},
      {"ori", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::ori(i(in, 0), i(in, 1))); }},
      {"shl", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::template shl<7>(i(in, 0))); }},
      {"shr", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::template shr<20>(i(in, 0))); }},
      {"sar", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::template sar<1>(i(in, 0))); }},
      {"less", [](const uint32_t* in, uint32_t* out) { put_mask(out, V::less(f(in, 0), f(in, 1))); }},
      {"is_nan", [](const uint32_t* in, uint32_t* out) { put_mask(out, V::is_nan(f(in, 0))); }},
      {"equali", [](const uint32_t* in, uint32_t* out) {
         put_mask(out, V::equali(V::andi(i(in, 0), V::set1i(3)), V::andi(i(in, 1), V::set1i(3))));
       }},
      {"between", [](const uint32_t*, uint32_t* out) {
         for (const int low : {-20, -1, 0, 1, 5, kLanes - 1, kLanes, kLanes + 1}) {
           for (const int high : {-1, 0, 1, 6, kLanes - 1, kLanes, kLanes + 20}) {
             put_mask(out, V::between(low, high));
             out += kLanes;
           }
         }
       }},
      {"select", [](const uint32_t* in, uint32_t* out) { put(out, V::select(V::less(f(in, 0), f(in, 1)), f(in, 2), f(in, 3))); }},
      {"load_u8", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::load_u8(in)); }},
      {"load_u16", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::load_u16(reinterpret_cast<const char*>(in) + 1)); }},
      {"load_u16_first", [](const uint32_t* in, uint32_t* out) {
         for (int n = 0; n <= kLanes; ++n) put_bits(out + n * kLanes, V::load_u16_first(in, n));
       }},
      {"load_e4m3_pairs", [](const uint32_t* in, uint32_t* out) { put_bits(out, V::load_e4m3_pairs(in)); }},
      {"load_f16", [](const uint32_t* in, uint32_t* out) { put(out, V::load_f16(in)); }},
      {"store_u16", [](const uint32_t* in, uint32_t* out) { V::store_u16(out, i(in, 0)); }},
      {"store_u8", [](const uint32_t* in, uint32_t* out) { V::store_u8(out, i(in, 0)); }},
      {"sum", [](const uint32_t* in, uint32_t* out) { put(out, V::set1(V::sum(f(in, 0)))); }},
      {"maximum", [](const uint32_t* in, uint32_t* out) { put(out, V::set1(V::maximum(f(in, 0)))); }},
      {"sum8", [](const uint32_t* in, uint32_t* out) { across(in, out, V::sum8); }},
      {"maximum8", [](const uint32_t* in, uint32_t* out) { across(in, out, V::maximum8); }},
      {"exp", [](const uint32_t* in, uint32_t* out) { put(out, exp<V>(f(in, 0))); }},
      {"exp_normal", [](const uint32_t* in, uint32_t* out) { put(out, exp_normal<V>(below_zero(in))); }},
      {"exp2_normal", [](const uint32_t* in, uint32_t* out) { put(out, exp2_normal<V>(below_zero(in))); }},
      {"round_bf16", [](const uint32_t* in, uint32_t* out) { put(out, round_bf16<V>(f(in, 0))); }},
      {"round_e4m3", [](const uint32_t* in, uint32_t* out) { put(out, round_e4m3<V>(f(in, 0))); }},
      {"load_e4m3", [](const uint32_t* in, uint32_t* out) { put(out, load_e4m3<V>(in)); }},
  };
};

struct LaneTable {
  const LaneOp* ops;
  int count;
  int lanes;
};

template <class V>
constexpr LaneTable lane_table() {
  return {LaneOps<V>::kOps, sizeof(LaneOps<V>::kOps) / sizeof(LaneOp), V::kLanes};
}

extern const LaneTable kLaneOpsAvx2;
extern const LaneTable kLaneOpsAvx512;
extern const LaneTable kLaneOpsNeon;

}  // namespace evalrun::test

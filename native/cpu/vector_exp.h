// exp of float32 lanes, one formula for every instruction set; at most about 1 ulp from the exact value.
#pragma once
#include "cpu/inline.h"

namespace evalrun {

constexpr float kLog2E = 0x1.715476p+0f;

// exp(clamped) = 2^n times what is returned, which is near 1.
template <class V>
EVALRUN_INLINE typename V::F exp_mantissa(typename V::F clamped, typename V::F& n) {
  using F = typename V::F;
  n = V::round(V::mul(clamped, V::set1(kLog2E)));
  // x - n ln 2, with ln 2 in two parts: the first has 9 bits, so its product with n is exact.
  const F r = V::fma(n, V::set1(0x1.bd0106p-13f), V::fma(n, V::set1(-0x1.63p-1f), clamped));
  // Minimax polynomial of (exp(r) - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2] (Cephes expf.c).
  F p = V::set1(1.9875691500e-4f);
  p = V::fma(p, r, V::set1(1.3981999507e-3f));
  p = V::fma(p, r, V::set1(8.3334519073e-3f));
  p = V::fma(p, r, V::set1(4.1665795894e-2f));
  p = V::fma(p, r, V::set1(1.6666665459e-1f));
  p = V::fma(p, r, V::set1(5.0000001201e-1f));
  return V::add(V::set1(1.0f), V::fma(V::mul(r, r), p, r));
}

// exp(-104) and below are 0, exp(89) and above infinity; NaN stays NaN.
template <class V>
EVALRUN_INLINE typename V::F exp(typename V::F x) {
  // The limit comes first: min and max return their second operand when it is NaN.
  typename V::F n;
  const auto value = exp_mantissa<V>(V::min(V::set1(89.0f), V::max(V::set1(-104.0f), x)), n);
  // 2^n in two factors, as n reaches from -150 to 128.
  const auto exponent = V::to_int(n);
  const auto half = V::template sar<1>(exponent);
  const auto rest = V::subi(exponent, half);
  const auto first = V::from_bits(V::template shl<23>(V::addi(half, V::set1i(127))));
  const auto second = V::from_bits(V::template shl<23>(V::addi(rest, V::set1i(127))));
  return V::mul(V::mul(value, first), second);
}

// exp of x <= 0, and 0 for what would not be a normal number: below -87. With numbers that are not normal, a row of the softmax
// took five times as long (measured), and a sum of which the largest part is 1 does not notice them. NaN stays NaN.
template <class V>
EVALRUN_INLINE typename V::F exp_normal(typename V::F x) {
  const auto least = V::set1(-87.0f);
  typename V::F n;
  const auto value = exp_mantissa<V>(V::max(least, x), n);
  const auto power = V::from_bits(V::template shl<23>(V::addi(V::to_int(n), V::set1i(127))));
  return V::select(V::less(x, least), V::mul(value, power), V::zero());
}

// 2^x of x <= 0; what would not be a normal number is 2^-125. In half of exp_normal's instructions, because powers of two need no
// reduction by ln 2. At most 2 ulp from the exact value. NaN stays NaN.
template <class V>
EVALRUN_INLINE typename V::F exp2_normal(typename V::F x) {
  using F = typename V::F;
  const F clamped = V::max(V::set1(-125.0f), x);
  // Added to a number of 1.5 * 2^23, x is rounded to the last bit, where its integer then is.
  const F shifted = V::add(clamped, V::set1(0x1.8p23f));
  const F r = V::sub(clamped, V::sub(shifted, V::set1(0x1.8p23f)));
  // Minimax polynomial of (2^r - 1) / r on [-1/2, 1/2] (Cephes exp2f.c).
  F p = V::set1(1.535336188319500e-4f);
  p = V::fma(p, r, V::set1(1.339887440266574e-3f));
  p = V::fma(p, r, V::set1(9.618437357674640e-3f));
  p = V::fma(p, r, V::set1(5.550332471162809e-2f));
  p = V::fma(p, r, V::set1(2.402264791363012e-1f));
  p = V::fma(p, r, V::set1(6.931472028550421e-1f));
  p = V::fma(p, r, V::set1(1.0f));
  return V::from_bits(V::addi(V::bits(p), V::template shl<23>(V::bits(shifted))));
}

}  // namespace evalrun

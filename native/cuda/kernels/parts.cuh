// float32 numbers on the matrix units: each as the sum of bfloat16 numbers, the largest first.
//
//   x = x0 + x1 + x2,  x0 = bf16(x), x1 = bf16(x - x0), x2 = bf16(x - x0 - x1)
//
// Both differences are exact, and three parts of 8 bits hold all 24 of x, so nothing is lost but what lies below 2^-133. Rounding to 8
// bits is off by at most half a last bit, so |x1| <= 2^-8 |x| and |x2| <= 2^-17 |x|. A product of two such numbers is the sum of the
// products of their parts, of which the six with i + j <= 2 are taken: x1 y2 + x2 y1 + x2 y2 are at most 2^-24 |x y|, as much as the one
// rounding of a float32 product, and 2^-27 |x y| typically (root mean square). Two parts and three products would be off by up to
// 2^-15 |x y| and by 2^-18 |x y| typically.
//
// Small products are added before large ones: matrix units cut off what does not fit behind a sum instead of rounding it (Fasi, Higham,
// Mikaitis and Pranesh 2021, "Numerical behavior of NVIDIA tensor cores"), and a chain of cuts drifts. A small product's cut is small.
//
// An infinity becomes NaN, since what is left of it is infinity minus infinity.
#pragma once
#include "cuda/kernels/attention_arguments.h"
#include "cuda/kernels/elements.cuh"
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

// The parts of two numbers, `low` in the low half of each.
template <int kParts>
__device__ __forceinline__ void split_pair(float low, float high, uint32_t (&parts)[kParts]) {
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
    parts[i] = pack_bf16(low, high);
    if (i + 1 == kParts) break;
    const float2 taken = unpack_bf16(parts[i]);
    low -= taken.x;
    high -= taken.y;
  }
}

}  // namespace evalrun::cuda

// Rotary position embedding of some columns of each head, in place.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kRopeThreads = 256;

// (a, b) turned by the angle of (cosine, sine). Spelled out, so that no compiler fuses it in one place and not in another.
__device__ __forceinline__ float2 rotate(float a, float b, float cosine, float sine) {
  return make_float2(fmaf(a, cosine, -__fmul_rn(b, sine)), fmaf(b, cosine, __fmul_rn(a, sine)));
}

// All pairs of rope_dim columns by the lanes of a warp; `angles`: cosines, then sines, of the position. store(column, value).
template <class Store>
__device__ __forceinline__ void rotate_by_warp(const float* x, int rope_dim, bool interleaved, const float* angles, const Store& store) {
  const int half = rope_dim / 2;
  for (int pair = static_cast<int>(threadIdx.x) % 32; pair < half; pair += 32) {
    const int first = interleaved ? 2 * pair : pair, second = interleaved ? first + 1 : first + half;
    const float2 turned = rotate(x[first], x[second], __ldg(angles + pair), __ldg(angles + half + pair));
    store(first, turned.x);
    store(second, turned.y);
  }
}

// RopeOp for a kernel; `steps` threads turn a head.
struct RopeArguments {
  float* x;
  int64_t x_stride;
  const int32_t* positions;
  const float* cos_sin;
  int rows, heads, head_stride, offset, rope_dim, interleaved, steps, steps_of_row;
};
static_assert(sizeof(RopeArguments) == 4 * 8 + 8 * 4, "a launch's arguments have no padding");

// One thread turns one pair, or (kWide) the four pairs of two groups of columns.
template <bool kWide>
__device__ __forceinline__ void rotate_item(const RopeArguments& op, int64_t item) {
  const int64_t row = item / op.steps_of_row;
  if (row >= op.rows) return;
  const int within = static_cast<int>(item - row * op.steps_of_row);
  const int head = within / op.steps;
  const int pair = (within - head * op.steps) * (kWide ? 4 : 1);
  const int half = op.rope_dim / 2;
  const float* cosines = op.cos_sin + static_cast<int64_t>(op.positions[row]) * op.rope_dim + pair;
  float* x = op.x + row * op.x_stride + static_cast<int64_t>(head) * op.head_stride + op.offset;
  float* first = x + (op.interleaved ? 2 * pair : pair);
  float* second = op.interleaved ? first + (kWide ? 4 : 1) : first + half;

  if constexpr (!kWide) {
    const float2 turned = rotate(*first, *second, __ldg(cosines), __ldg(cosines + half));
    *first = turned.x;
    *second = turned.y;
  } else {
    float4 a = *reinterpret_cast<const float4*>(first);
    float4 b = *reinterpret_cast<const float4*>(second);
    const float4 c = __ldg(reinterpret_cast<const float4*>(cosines));
    const float4 s = __ldg(reinterpret_cast<const float4*>(cosines + half));
    const float2 p0 = op.interleaved ? rotate(a.x, a.y, c.x, s.x) : rotate(a.x, b.x, c.x, s.x);
    const float2 p1 = op.interleaved ? rotate(a.z, a.w, c.y, s.y) : rotate(a.y, b.y, c.y, s.y);
    const float2 p2 = op.interleaved ? rotate(b.x, b.y, c.z, s.z) : rotate(a.z, b.z, c.z, s.z);
    const float2 p3 = op.interleaved ? rotate(b.z, b.w, c.w, s.w) : rotate(a.w, b.w, c.w, s.w);
    a = op.interleaved ? make_float4(p0.x, p0.y, p1.x, p1.y) : make_float4(p0.x, p1.x, p2.x, p3.x);
    b = op.interleaved ? make_float4(p2.x, p2.y, p3.x, p3.y) : make_float4(p0.y, p1.y, p2.y, p3.y);
    *reinterpret_cast<float4*>(first) = a;
    *reinterpret_cast<float4*>(second) = b;
  }
}

template <bool kWide>
__global__ void __launch_bounds__(kRopeThreads) rope_kernel(RopeArguments op) {
  begin_kernel();
  rotate_item<kWide>(op, static_cast<int64_t>(blockIdx.x) * kRopeThreads + threadIdx.x);
}

}  // namespace evalrun::cuda

// CUDA's additions to C++ as a kernel of ours uses them: qualifiers, built-in variables, vector types, device functions.
// Everything here has the name, the alignment and the meaning that nvcc gives it. `__shared__` is missing on purpose (launch.h).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define EVALRUN_SIM_VECTOR2(name, element, alignment) \
  struct alignas(alignment) name {                    \
    element x, y;                                     \
  };                                                  \
  inline name make_##name(element x, element y) { return {x, y}; }
#define EVALRUN_SIM_VECTOR4(name, element, alignment) \
  struct alignas(alignment) name {                    \
    element x, y, z, w;                               \
  };                                                  \
  inline name make_##name(element x, element y, element z, element w) { return {x, y, z, w}; }
EVALRUN_SIM_VECTOR2(uchar2, unsigned char, 2)
EVALRUN_SIM_VECTOR2(ushort2, unsigned short, 4)
EVALRUN_SIM_VECTOR2(int2, int, 8)
EVALRUN_SIM_VECTOR2(uint2, unsigned, 8)
EVALRUN_SIM_VECTOR2(float2, float, 8)
EVALRUN_SIM_VECTOR2(double2, double, 16)
EVALRUN_SIM_VECTOR4(uchar4, unsigned char, 4)
EVALRUN_SIM_VECTOR4(ushort4, unsigned short, 8)
EVALRUN_SIM_VECTOR4(int4, int, 16)
EVALRUN_SIM_VECTOR4(uint4, unsigned, 16)
EVALRUN_SIM_VECTOR4(float4, float, 16)
#undef EVALRUN_SIM_VECTOR2
#undef EVALRUN_SIM_VECTOR4

// Set by the simulation whenever it resumes a thread.
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

// Device code calls these without std::.
using std::max;
using std::min;
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline unsigned max(unsigned a, int b) { return a > static_cast<unsigned>(b) ? a : static_cast<unsigned>(b); }
inline unsigned max(int a, unsigned b) { return max(b, a); }
inline unsigned min(unsigned a, int b) { return a < static_cast<unsigned>(b) ? a : static_cast<unsigned>(b); }
inline unsigned min(int a, unsigned b) { return min(b, a); }
inline long long max(long long a, int b) { return a > b ? a : b; }
inline long long min(long long a, int b) { return a < b ? a : b; }
inline long long max(int a, long long b) { return max(b, a); }
inline long long min(int a, long long b) { return min(b, a); }

// Operations that the compiler may not fuse; nothing is fused here anyway (-ffp-contract=off).
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }

inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline int __float2int_rn(float value) { return static_cast<int>(std::nearbyint(value)); }
inline int __float_as_int(float value) { return static_cast<int>(__float_as_uint(value)); }
inline float __int_as_float(int bits) { return __uint_as_float(static_cast<unsigned>(bits)); }

template <class T>
T __ldg(const T* address) {
  return *address;
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __clz(int bits) { return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((uint64_t{a} * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}

inline void __threadfence() {}
inline void __threadfence_block() {}

// Atomics on integers alone: sums of floats in the order of arrival are not reproducible (ops.h).
template <class T>
T atomicAdd(T* address, std::common_type_t<T> value) {
  static_assert(std::is_integral_v<T>, "no atomics on floating-point values");
  const T old = *address;
  *address = old + value;
  return old;
}
template <class T>
T atomicMax(T* address, std::common_type_t<T> value) {
  static_assert(std::is_integral_v<T>, "no atomics on floating-point values");
  const T old = *address;
  if (value > old) *address = value;
  return old;
}
template <class T>
T atomicMin(T* address, std::common_type_t<T> value) {
  static_assert(std::is_integral_v<T>, "no atomics on floating-point values");
  const T old = *address;
  if (value < old) *address = value;
  return old;
}

// kernels/primitives.cuh in PTX. Compute capability 8.9 and later convert e4m3 in hardware; 8.0 does it in integers, to the same bits.
#pragma once
#include <cstdint>

#include "cuda/kernels/e4m3_integer.cuh"
#include "cuda/runtime.h"

namespace evalrun::cuda {

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 890
#define EVALRUN_PTX_E4M3 1
constexpr bool kHasE4m3Mma = true;
#else
constexpr bool kHasE4m3Mma = false;
#endif

// Compute capability 9.0 and later; earlier, kernels follow one another.
__device__ __forceinline__ void let_next_start() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
__device__ __forceinline__ void wait_for_last() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ __forceinline__ void prefetch(const void* weights) { asm volatile("prefetch.global.L2 [%0];" ::"l"(weights)); }

__device__ __forceinline__ float load_from_level_2(const float* address) {
  float value;
  asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(value) : "l"(address) : "memory");
  return value;
}

__device__ __forceinline__ uint16_t to_bf16(float value) {
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

__device__ __forceinline__ float from_bf16(uint16_t bits) { return __uint_as_float(static_cast<uint32_t>(bits) << 16); }

__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ float from_f16(uint16_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

__device__ __forceinline__ float fast_exp2(float x) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
}

#if defined(EVALRUN_PTX_E4M3)

__device__ __forceinline__ uint16_t pack_e4m3(float low, float high) {
  uint16_t pair;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ uint8_t to_e4m3(float value) { return static_cast<uint8_t>(pack_e4m3(value, 0.0f)); }

// Every e4m3 number is a float16 and a bfloat16.
__device__ __forceinline__ uint32_t f16x2_from_e4m3x2(uint16_t codes) {
  uint32_t pair;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(pair) : "h"(codes));
  return pair;
}

// Halves are named in PTX, so that the conversion reads the upper one where it is.
__device__ __forceinline__ void f16_from_e4m3x4(uint32_t codes, uint32_t& low, uint32_t& high) {
  asm("{\n\t.reg .b16 l, h;\n\tmov.b32 {l, h}, %2;\n\tcvt.rn.f16x2.e4m3x2 %0, l;\n\tcvt.rn.f16x2.e4m3x2 %1, h;\n\t}"
      : "=r"(low), "=r"(high)
      : "r"(codes));
}

__device__ __forceinline__ float2 from_e4m3x2(uint16_t codes) {
  const uint32_t pair = f16x2_from_e4m3x2(codes);
  return make_float2(from_f16(static_cast<uint16_t>(pair)), from_f16(static_cast<uint16_t>(pair >> 16)));
}

__device__ __forceinline__ float from_e4m3(uint8_t code) { return from_e4m3x2(code).x; }

__device__ __forceinline__ uint32_t bf16x2_from_e4m3x2(uint16_t codes) {
  const float2 pair = from_e4m3x2(codes);
  return pack_bf16(pair.x, pair.y);
}

#else

__device__ __forceinline__ uint8_t to_e4m3(float value) { return integer::to_e4m3(value); }
__device__ __forceinline__ float from_e4m3(uint8_t code) { return integer::from_e4m3(code); }

__device__ __forceinline__ uint16_t pack_e4m3(float low, float high) {
  return static_cast<uint16_t>(to_e4m3(low) | to_e4m3(high) << 8);
}

__device__ __forceinline__ uint32_t bf16x2_from_e4m3x2(uint16_t codes) {
  return pack_bf16(from_e4m3(static_cast<uint8_t>(codes)), from_e4m3(static_cast<uint8_t>(codes >> 8)));
}

// A code's bits are a float16's, 2^8 too small; this covers subnormals as well. NaN, which has the largest magnitude of all codes,
// becomes 480 that way and is made NaN by its carry into the exponent's last bits.
__device__ __forceinline__ uint32_t f16x2_from_e4m3x2(uint16_t codes) {
  const uint32_t spread = (codes & 0xffu) << 8 | (codes & 0xff00u) << 16;  // each code in the high byte of its half
  const uint32_t magnitude = spread >> 1 & 0x3f803f80u;
  uint32_t value;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(value) : "r"(magnitude), "r"(0x5c005c00u));
  const uint32_t nan = (magnitude + 0x00800080u) & 0x40004000u;  // of 0x3f80 alone
  return value | spread & 0x80008000u | nan | nan >> 1 | nan >> 2 | nan >> 3 | nan >> 4 | nan >> 5;
}

__device__ __forceinline__ void f16_from_e4m3x4(uint32_t codes, uint32_t& low, uint32_t& high) {
  low = f16x2_from_e4m3x2(static_cast<uint16_t>(codes));
  high = f16x2_from_e4m3x2(static_cast<uint16_t>(codes >> 16));
}

#endif

template <class T>
__device__ __forceinline__ T shuffle(T value, int lane) {
  return __shfl_sync(0xffffffffu, value, lane);
}
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
template <class T>
__device__ __forceinline__ T shuffle_down(T value, int delta) {
  return __shfl_down_sync(0xffffffffu, value, static_cast<unsigned>(delta));
}
template <class T>
__device__ __forceinline__ T shuffle_up(T value, int delta) {
  return __shfl_up_sync(0xffffffffu, value, static_cast<unsigned>(delta));
}
__device__ __forceinline__ uint32_t ballot(bool predicate) { return __ballot_sync(0xffffffffu, predicate); }

__device__ __forceinline__ uint32_t shared_address(const void* shared) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(shared));
}

// Past L1 (.cg): a tile is read once by a block. The source size is 0 where there is nothing to read; the rest is zeros.
__device__ __forceinline__ void copy_async_16(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
               "r"(valid ? 16 : 0)
               : "memory");
}
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending>
__device__ __forceinline__ void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

__device__ __forceinline__ void load_matrix_x4(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
__device__ __forceinline__ void load_matrix_x4_transposed(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
__device__ __forceinline__ void load_matrix_x2(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row))
               : "memory");
}
__device__ __forceinline__ void load_matrix_x2_transposed(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row))
               : "memory");
}

// Not volatile: the result depends on the registers alone.
__device__ __forceinline__ void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_f16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(EVALRUN_PTX_E4M3)
  asm("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

}  // namespace evalrun::cuda

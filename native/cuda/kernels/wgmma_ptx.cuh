// kernels/wgmma.cuh in PTX. Where the target has no wgmma (8.0), the same functions trap: the host launches them on 9.0 alone.
#pragma once
#include <cstdint>

#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define EVALRUN_WGMMA(...) asm volatile(__VA_ARGS__)
#else
#define EVALRUN_WGMMA(...) __trap()
#endif

__device__ __forceinline__ uint64_t wgmma_descriptor(const void* shared) { return wgmma_descriptor_of(shared_address(shared)); }

__device__ __forceinline__ uint64_t wgmma_descriptor_n(const void* shared) {
  return wgmma_descriptor_of(shared_address(shared), kWgmmaSwizzleBytes);
}

__device__ __forceinline__ void fence_proxy_async() { EVALRUN_WGMMA("fence.proxy.async.shared::cta;" ::: "memory"); }

// Keeps the compiler from moving accesses of the sums over this place: it does not know that products run on.
template <int kAcross>
__device__ __forceinline__ void hold_sums(WgmmaSums<kAcross>& d) {
#pragma unroll
  for (int j = 0; j < kAcross; ++j) {
#pragma unroll
    for (int e = 0; e < 4; ++e) asm volatile("" : "+f"(d[j][e])::"memory");
  }
}

template <int kSteps>
__device__ __forceinline__ void hold_operands(uint32_t (&a)[kSteps][4]) {
#pragma unroll
  for (int k = 0; k < kSteps; ++k) {
#pragma unroll
    for (int i = 0; i < 4; ++i) asm volatile("" : "+r"(a[k][i])::"memory");
  }
}

template <int kAcross>
__device__ __forceinline__ void wgmma_fence(WgmmaSums<kAcross>& d) {
  hold_sums<kAcross>(d);
  EVALRUN_WGMMA("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void wgmma_commit() { EVALRUN_WGMMA("wgmma.commit_group.sync.aligned;" ::: "memory"); }

template <int kPending, int kAcross>
__device__ __forceinline__ void wgmma_wait(WgmmaSums<kAcross>& d) {
  EVALRUN_WGMMA("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
  hold_sums<kAcross>(d);
}

// Operands %0 to %(4 kAcross - 1) are the sums, in the order of d; behind them the descriptors and whether to add.
#define EVALRUN_TEN(t) "%" #t "0, %" #t "1, %" #t "2, %" #t "3, %" #t "4, %" #t "5, %" #t "6, %" #t "7, %" #t "8, %" #t "9, "
#define EVALRUN_SUMS_8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define EVALRUN_SUMS_32 EVALRUN_TEN() EVALRUN_TEN(1) EVALRUN_TEN(2) "%30, %31"
#define EVALRUN_SUMS_64 EVALRUN_TEN() EVALRUN_TEN(1) EVALRUN_TEN(2) EVALRUN_TEN(3) EVALRUN_TEN(4) EVALRUN_TEN(5) "%60, %61, %62, %63"
#define EVALRUN_SUMS_128                                                                                                        \
  EVALRUN_TEN() EVALRUN_TEN(1) EVALRUN_TEN(2) EVALRUN_TEN(3) EVALRUN_TEN(4) EVALRUN_TEN(5) EVALRUN_TEN(6) EVALRUN_TEN(7)       \
  EVALRUN_TEN(8) EVALRUN_TEN(9) EVALRUN_TEN(10) EVALRUN_TEN(11) "%120, %121, %122, %123, %124, %125, %126, %127"
#define EVALRUN_D1(j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define EVALRUN_D2(j) EVALRUN_D1(j), EVALRUN_D1((j) + 1)
#define EVALRUN_D8(j) EVALRUN_D2(j), EVALRUN_D2((j) + 2), EVALRUN_D2((j) + 4), EVALRUN_D2((j) + 6)
#define EVALRUN_D16(j) EVALRUN_D8(j), EVALRUN_D8((j) + 8)
#define EVALRUN_D32(j) EVALRUN_D16(j), EVALRUN_D16((j) + 16)

// a, b, p: the numbers of the operands behind the sums. `flags`: signs of both operands, and where the type has them transposes.
#define EVALRUN_PRODUCT(shape, sums, registers, a_, b_, p_, flags)                                                     \
  EVALRUN_WGMMA("{\n\t.reg .pred add;\n\tsetp.ne.b32 add, %" #p_ ", 0;\n\twgmma.mma_async.sync.aligned." shape " {" sums \
                "}, %" #a_ ", %" #b_ ", add, " flags ";\n\t}"                                                          \
                : registers                                                                                            \
                : "l"(a), "l"(b), "r"(static_cast<int>(add)))

template <int kAcross>
__device__ __forceinline__ void wgmma_bf16(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add) {
  static_assert(kAcross == 2 || kAcross == 8 || kAcross == 16 || kAcross == 32);
  if constexpr (kAcross == 2) EVALRUN_PRODUCT("m64n16k16.f32.bf16.bf16", EVALRUN_SUMS_8, EVALRUN_D2(0), 8, 9, 10, "1, 1, 0, 0");
  if constexpr (kAcross == 8) EVALRUN_PRODUCT("m64n64k16.f32.bf16.bf16", EVALRUN_SUMS_32, EVALRUN_D8(0), 32, 33, 34, "1, 1, 0, 0");
  if constexpr (kAcross == 16) EVALRUN_PRODUCT("m64n128k16.f32.bf16.bf16", EVALRUN_SUMS_64, EVALRUN_D16(0), 64, 65, 66, "1, 1, 0, 0");
  if constexpr (kAcross == 32) EVALRUN_PRODUCT("m64n256k16.f32.bf16.bf16", EVALRUN_SUMS_128, EVALRUN_D32(0), 128, 129, 130, "1, 1, 0, 0");
}

#define EVALRUN_PRODUCT_REGISTERS(flags)                                                                                          \
  EVALRUN_WGMMA("{\n\t.reg .pred add;\n\tsetp.ne.b32 add, %37, 0;\n\t"                                                          \
                "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" EVALRUN_SUMS_32 "}, {%32, %33, %34, %35}, %36, add, " flags \
                ";\n\t}"                                                                                                           \
                : EVALRUN_D8(0)                                                                                                     \
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(static_cast<int>(add)))

template <Major kMajor>
__device__ __forceinline__ void wgmma_bf16_registers(WgmmaSums<kAcrossOfRow>& d, const uint32_t (&a)[4], uint64_t b, bool add) {
  if constexpr (kMajor == Major::kK) {
    EVALRUN_PRODUCT_REGISTERS("1, 1, 0");
  } else {
    EVALRUN_PRODUCT_REGISTERS("1, 1, 1");
  }
}

template <int kAcross>
__device__ __forceinline__ void wgmma_e4m3(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add) {
  static_assert(kAcross == 2 || kAcross == 8 || kAcross == 16 || kAcross == 32);
  if constexpr (kAcross == 2) EVALRUN_PRODUCT("m64n16k32.f32.e4m3.e4m3", EVALRUN_SUMS_8, EVALRUN_D2(0), 8, 9, 10, "1, 1");
  if constexpr (kAcross == 8) EVALRUN_PRODUCT("m64n64k32.f32.e4m3.e4m3", EVALRUN_SUMS_32, EVALRUN_D8(0), 32, 33, 34, "1, 1");
  if constexpr (kAcross == 16) EVALRUN_PRODUCT("m64n128k32.f32.e4m3.e4m3", EVALRUN_SUMS_64, EVALRUN_D16(0), 64, 65, 66, "1, 1");
  if constexpr (kAcross == 32) EVALRUN_PRODUCT("m64n256k32.f32.e4m3.e4m3", EVALRUN_SUMS_128, EVALRUN_D32(0), 128, 129, 130, "1, 1");
}

#undef EVALRUN_WGMMA
#undef EVALRUN_TEN
#undef EVALRUN_SUMS_8
#undef EVALRUN_SUMS_32
#undef EVALRUN_SUMS_64
#undef EVALRUN_SUMS_128
#undef EVALRUN_D1
#undef EVALRUN_D2
#undef EVALRUN_D8
#undef EVALRUN_D16
#undef EVALRUN_D32
#undef EVALRUN_PRODUCT
#undef EVALRUN_PRODUCT_REGISTERS

}  // namespace evalrun::cuda

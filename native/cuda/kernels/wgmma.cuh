// Products of a warpgroup (128 threads, four warps from a multiple of four on) by wgmma, compute capability 9.0 alone. Written twice, in
// PTX (wgmma_ptx.cuh) and for the simulation (sim/wgmma.h); the contracts are here. From PTX ISA, "Asynchronous Warpgroup Level Matrix
// Multiply-Accumulate Instructions".
//
// An operand is rows of 128 bytes of k in shared memory, from a multiple of 1,024 bytes on, chunks of 16 bytes exchanged as chunk_place
// says: the instructions' K-major layout with a 128-byte swizzle. A descriptor names it:
//   bits  0-13  address / 16; 32 bytes of k further is 2 more, because the swizzle works on bits of the address
//   bits 16-29  leading byte offset / 16, which this layout does not use
//   bits 32-45  stride byte offset / 16: from 8 rows to the next 8, 1,024 bytes
//   bits 62-63  1, the 128-byte swizzle
//
// An operand b [k, 64 columns] may lie the other way (N-major): rows of 128 bytes of columns, one for each k, swizzled alike. 16 k
// further is 2,048 bytes. One such product has 64 columns, which a row holds, so that nothing depends on the leading byte offset (from
// 64 columns to the next); it is the stride's 1,024 as well.
//
// Products run behind the threads' backs. From wgmma_* until a wgmma_wait has seen their group, the sums must not be touched, nor the
// operands overwritten, be they in registers or in shared memory. Operands that cp.async wrote become visible to them by copy_async_wait, fence_proxy_async and then a barrier.
#pragma once
#include "cuda/kernels/matrix_tile.cuh"

namespace evalrun::cuda {

constexpr int kWarpgroup = 128;
constexpr int kWgmmaRows = 64;
constexpr int kWgmmaSwizzleBytes = 1024;  // a pattern of eight rows

// A sum d[j][e] of 64 x 8 kAcross outputs is in row 16 (warp % 4) + lane / 4 + 8 (e / 2), column 8 j + 2 (lane % 4) + e % 2.
template <int kAcross>
using WgmmaSums = float[kAcross][4];

__host__ __device__ constexpr uint64_t wgmma_descriptor_of(uint32_t address, int leading = 16) {
  return (static_cast<uint64_t>(address) >> 4 & 0x3fff) | static_cast<uint64_t>(leading >> 4) << 16 |
         uint64_t{kWgmmaSwizzleBytes >> 4} << 32 | uint64_t{1} << 62;
}

constexpr int kAcrossOfRow = 8;  // of a product whose b is N-major

// How b lies: rows of k, or rows of 64 columns.
enum class Major { kK, kN };

}  // namespace evalrun::cuda

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/sim/wgmma.h"
#else
#include "cuda/kernels/wgmma_ptx.cuh"
#endif

namespace evalrun::cuda {
#if !defined(EVALRUN_CUDA_SIM)

// The descriptor of an operand that begins at `shared`.
__device__ uint64_t wgmma_descriptor(const void* shared);
__device__ uint64_t wgmma_descriptor_n(const void* shared);  // N-major

// Makes this thread's finished writes to shared memory visible to later products of any warpgroup (behind a barrier).
__device__ void fence_proxy_async();

// Before the first product, and whenever the program has touched the sums since.
template <int kAcross> __device__ void wgmma_fence(WgmmaSums<kAcross>& d);
// d = a . b^T, or d += where `add`: a [64, 16], b [8 kAcross, 16] of bfloat16, d float32 (wgmma.m64nNk16).
template <int kAcross> __device__ void wgmma_bf16(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add);
// The same with a in registers, a warp's 16 rows as mma_bf16 takes them. Of 64 columns; kMajor is b's.
template <Major kMajor>
__device__ void wgmma_bf16_registers(WgmmaSums<kAcrossOfRow>& d, const uint32_t (&a)[4], uint64_t b, bool add);
// wgmma_bf16 of e4m3 codes, a [64, 32], b [8 kAcross, 32] (wgmma.m64nNk32). Hopper adds these in fewer bits than float32 has.
template <int kAcross> __device__ void wgmma_e4m3(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add);
// Before the fence in front of products that have `a` in registers: what the compiler has yet to compute of it is computed here.
template <int kSteps> __device__ void hold_operands(uint32_t (&a)[kSteps][4]);
// The products since the last commit are a group.
__device__ void wgmma_commit();
// Waits until at most `kPending` groups are unfinished; after 0, d may be read.
template <int kPending, int kAcross> __device__ void wgmma_wait(WgmmaSums<kAcross>& d);
#endif

}  // namespace evalrun::cuda

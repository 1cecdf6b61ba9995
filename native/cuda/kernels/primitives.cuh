// What kernels need beyond C++: conversions, warp shuffles, asynchronous copies into shared memory, matrix instructions.
// Written twice, in PTX (primitives_ptx.cuh) and for the simulation (sim/primitives.h); the contracts are here.
//
// Fragment layouts are those of PTX mma.sync (PTX ISA, "Matrix Fragments for mma.m16n8k16 / m16n8k32"): lane l has
// group = l / 4 and place = l % 4.
#pragma once
#include <cstdint>

#include "cuda/runtime.h"

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/sim/primitives.h"
#else
#include "cuda/kernels/primitives_ptx.cuh"
#endif

namespace evalrun::cuda {
#if !defined(EVALRUN_CUDA_SIM)

// --- launches -------------------------------------------------------------------------------------------------------------
// A kernel may be started while the one before it runs (launch.h). Every thread of every kernel calls both, once or more:
// let_next_start: the kernel behind this one may be brought onto multiprocessors that have room, up to its own wait_for_last.
// wait_for_last: waits until the kernel before this one is finished and what it wrote can be seen. What kernels write may only be
// touched behind it; weights and arguments may before. Since each waits for its last, all earlier ones are finished too.
__device__ void let_next_start();
__device__ void wait_for_last();
// Asks for the line of memory at `weights`, which no kernel writes: into the level 2 cache, before wait_for_last().
__device__ void prefetch(const void* weights);
// Reads what another block of the running kernel may have written, whose write is known to be there.
__device__ float load_from_level_2(const float* address);

// --- conversions, all to nearest even -------------------------------------------------------------------------------------
__device__ uint16_t to_bf16(float value);                   // NaN stays NaN
__device__ float from_bf16(uint16_t bits);
__device__ uint32_t pack_bf16(float low, float high);       // two of them, `low` in the low half
__device__ uint8_t to_e4m3(float value);                    // saturates at 448; NaN is 0x7f
__device__ float from_e4m3(uint8_t code);
__device__ uint16_t pack_e4m3(float low, float high);
__device__ uint32_t bf16x2_from_e4m3x2(uint16_t codes);     // exact
// Four codes as two pairs of float16, exact; two instructions from compute capability 8.9 on.
__device__ void f16_from_e4m3x4(uint32_t codes, uint32_t& low, uint32_t& high);
__device__ float from_f16(uint16_t bits);

// 2^x with a relative error of 2^-22; 0 where that is below 2^-126.
__device__ float fast_exp2(float x);

// --- warps ----------------------------------------------------------------------------------------------------------------
// All 32 lanes take part in each of these.
template <class T> __device__ T shuffle(T value, int lane);
template <class T> __device__ T shuffle_xor(T value, int mask);
template <class T> __device__ T shuffle_down(T value, int delta);
template <class T> __device__ T shuffle_up(T value, int delta);
__device__ uint32_t ballot(bool predicate);
// __syncthreads() and __syncwarp() are spelled as in CUDA.

// --- asynchronous copies (cp.async) ---------------------------------------------------------------------------------------
// 16 bytes from global to shared memory, both 16-byte aligned; zeros when not `valid` (`global` is then not read).
__device__ void copy_async_16(void* shared, const void* global, bool valid);
__device__ void copy_async_commit();
// Waits until at most `Pending` of this thread's committed groups are unfinished; other threads see them after __syncthreads().
template <int Pending> __device__ void copy_async_wait();

// --- matrices -------------------------------------------------------------------------------------------------------------
// ldmatrix: four 8x8 matrices of 16-bit elements; lane l gives the address (16-byte aligned) of row l % 8 of matrix l / 8;
// register i is matrix i, of which lane l holds row l / 4, columns 2 * (l % 4) and + 1. The transposed form holds the transpose's.
__device__ void load_matrix_x4(uint32_t (&registers)[4], const void* row);
__device__ void load_matrix_x4_transposed(uint32_t (&registers)[4], const void* row);
__device__ void load_matrix_x2(uint32_t (&registers)[2], const void* row);
__device__ void load_matrix_x2_transposed(uint32_t (&registers)[2], const void* row);
// d += a . b with a [16, 16] bfloat16 row-major, b [16, 8] column-major, d [16, 8] float32 (mma.m16n8k16).
__device__ void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
// The same of float16.
__device__ void mma_f16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
// d += a . b with a [16, 32] e4m3, b [32, 8] e4m3, d float32 (mma.m16n8k32). Compute capability 8.9 and later; earlier it must
// not be reached (kHasE4m3Mma is false while compiling for them).
__device__ void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
#endif

// What is read from memory at once.
constexpr int kLineBytes = 128;

// What kernels begin with that have nothing to do before.
__device__ __forceinline__ void begin_kernel() {
  let_next_start();
  wait_for_last();
}

}  // namespace evalrun::cuda

// What the 32 lanes of a warp do together: shuffles, votes, matrix loads and products.
//
// A matrix product adds its terms to the accumulator one by one in the order of k, in float32. Hardware adds the (exact) products of an
// instruction in a wider sum whose last bits it cuts off, so results may differ from a GPU's in the last places of
// a float32.
#pragma once
#include <cstring>
#include <type_traits>

#include "cuda/sim/grid.h"

namespace evalrun::cuda::sim {

int lane();

// Throw Error where [address, address + bytes) is not in the block's shared memory, or in one device allocation, or not
// aligned to `bytes`.
void check_shared(const char* what, const void* address, int bytes);
void check_global(const char* what, const void* address, int bytes);

// Gives `bits` to the others and returns those of lane `source`, or its own where there is no such lane.
uint64_t exchange_bits(const char* kind, uint64_t bits, int source, Site site);

template <class T>
T exchange(const char* kind, T value, int source, Site site) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "nvcc shuffles 4 or 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchange_bits(kind, bits, source, site);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

uint32_t ballot(bool predicate, Site site);

// ldmatrix: `count` matrices, one register each.
void load_matrix(const char* kind, uint32_t* registers, int count, bool transposed, const void* row, Site site);

void mma_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site);
void mma_f16(float* d, const uint32_t* a, const uint32_t* b, Site site);
void mma_e4m3(float* d, const uint32_t* a, const uint32_t* b, Site site);

}  // namespace evalrun::cuda::sim

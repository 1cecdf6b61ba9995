// Counter-based random numbers: a pure function of (key, position), so a draw depends on no neighbour and no order.
#pragma once
#include <cstdint>

#if defined(__CUDACC__)
#define EVALRUN_HOST_DEVICE __host__ __device__
#else
#define EVALRUN_HOST_DEVICE
#endif

namespace evalrun {

// splitmix64's finaliser over the counter `key + (position + 1) * golden ratio`; in [0, 1), a multiple of 2^-53.
// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.)
EVALRUN_HOST_DEVICE inline double sample_uniform(uint64_t key, uint32_t position) {
  uint64_t z = key + (static_cast<uint64_t>(position) + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

}  // namespace evalrun

// The random numbers that choose an order.
#pragma once
#include <cstdint>

namespace evalrun::cuda::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}

  uint32_t bits() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    const uint64_t mixed = (state_ ^ (state_ >> 29)) * 0xbf58476d1ce4e5b9ull;
    return static_cast<uint32_t>(mixed >> 32);
  }
  uint64_t below(uint64_t limit) { return (uint64_t{bits()} * limit) >> 32; }
  // The place of one of the mask's bits, which are not equally likely; the mask is not 0.
  int bit_of(uint32_t mask) {
    const int turn = static_cast<int>(bits() & 31);
    const uint32_t turned = mask >> turn | mask << ((32 - turn) & 31);
    return (__builtin_ctz(turned) + turn) & 31;
  }

 private:
  uint64_t state_;
};

}  // namespace evalrun::cuda::sim

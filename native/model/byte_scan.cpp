#include "model/byte_scan.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "ops/numeric.h"

namespace evalrun {
namespace {

constexpr uint64_t kPrime = 0x9e3779b97f4a7c15ull;
// A block whose elements are all finite is known to be so when it ends; one that is not is looked through again.
constexpr int64_t kBlock = 4096;

inline uint64_t mix(uint64_t lane, uint64_t word) {
  lane = (lane ^ word) * kPrime;
  return (lane << 29) | (lane >> 35);
}

inline uint64_t word_at(const uint8_t* data) {
  uint64_t word;
  std::memcpy(&word, data, 8);
  return word;
}

uint64_t repeated(uint64_t element, int64_t size) {
  uint64_t word = element;
  for (int64_t bytes = size; bytes < 8; bytes *= 2) word |= word << (bytes * 8);
  return word;
}

// The bits of an element's exponent, and the lowest of them.
uint64_t exponent_of(DType dtype) {
  switch (dtype) {
    case DType::kF32: return 0x7f800000;
    case DType::kF16: return 0x7c00;
    case DType::kBF16: return 0x7f80;
    case DType::kF8E4M3: return 0x7f;  // no infinity, and one NaN: every bit but the sign
  }
  return 0;
}

int64_t first_with(const uint8_t* data, int64_t bytes, int64_t size, uint64_t exponent) {
  for (int64_t i = 0; i < bytes / size; ++i) {
    uint64_t element = 0;
    std::memcpy(&element, data + i * size, size);
    if ((element & exponent) == exponent) return i;
  }
  return -1;
}

}  // namespace

ByteScan::ByteScan(DType dtype)
    : exponents_(repeated(exponent_of(dtype), element_size(dtype))),
      carry_(repeated(exponent_of(dtype) & (~exponent_of(dtype) + 1), element_size(dtype))),
      dtype_(dtype),
      lanes_{kPrime, kPrime * 3, kPrime * 5, kPrime * 7} {}

void ByteScan::update(const void* data, int64_t bytes) {
  if (bytes_ % 32 != 0) throw std::logic_error("a scan goes on behind a piece that was not a multiple of 32 bytes");
  const uint8_t* from = static_cast<const uint8_t*>(data);
  const uint64_t exponents = exponents_, carry = carry_, top = exponents_ + carry_;
  uint64_t a = lanes_[0], b = lanes_[1], c = lanes_[2], d = lanes_[3];
  for (int64_t begin = 0; begin < bytes; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, bytes);
    uint64_t carried = 0;
    int64_t i = begin;
    for (; i + 32 <= end; i += 32) {
      const uint64_t w0 = word_at(from + i), w1 = word_at(from + i + 8), w2 = word_at(from + i + 16), w3 = word_at(from + i + 24);
      a = mix(a, w0);
      b = mix(b, w1);
      c = mix(c, w2);
      d = mix(d, w3);
      carried |= ((w0 & exponents) + carry) | ((w1 & exponents) + carry);
      carried |= ((w2 & exponents) + carry) | ((w3 & exponents) + carry);
    }
    for (int64_t word = 0; i < end; i += 8, ++word) {
      uint64_t tail = 0;
      std::memcpy(&tail, from + i, std::min<int64_t>(8, end - i));
      uint64_t& lane = word == 0 ? a : word == 1 ? b : word == 2 ? c : d;
      lane = mix(lane, tail);
      carried |= (tail & exponents) + carry;
    }
    if ((carried & top) != 0 && first_non_finite_ < 0) {
      const int64_t size = element_size(dtype_);
      first_non_finite_ = (bytes_ + begin) / size + first_with(from + begin, end - begin, size, exponent_of(dtype_));
    }
  }
  lanes_[0] = a, lanes_[1] = b, lanes_[2] = c, lanes_[3] = d;
  bytes_ += bytes;
}

uint64_t ByteScan::hash() const {
  uint64_t hash = static_cast<uint64_t>(bytes_);
  for (uint64_t lane : lanes_) {
    hash = (hash ^ lane) * kPrime;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace evalrun

// One pass over a tensor's bytes as they come: a 64-bit hash, and a search for NaN and infinity.
#pragma once
#include <cstdint>

#include "ops/ops.h"

namespace evalrun {

// The hash is a fixed mix (multiply, rotate) of little-endian 8-byte words in four lanes, the tail padded with zeros: equal bytes
// give equal hashes on any machine and however they are cut, and it is part of every recorded fingerprint, so it may not change.
class ByteScan {
 public:
  explicit ByteScan(DType dtype);

  // Every call but the last takes a multiple of 32 bytes.
  void update(const void* data, int64_t bytes);
  uint64_t hash() const;
  // Index of the first element that is NaN or infinite, -1 when all are finite.
  int64_t first_non_finite() const { return first_non_finite_; }

 private:
  // Elements whose exponent is all ones carry into their topmost bit when its lowest bit is added to it: found in a whole word of
  // elements at once, while the multiplications of the hash are under way.
  uint64_t exponents_, carry_;
  DType dtype_;
  uint64_t lanes_[4];
  int64_t bytes_ = 0;
  int64_t first_non_finite_ = -1;
};

}  // namespace evalrun

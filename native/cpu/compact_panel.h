// Panels of bfloat16 (packed_weight.h) in 12 bits a weight, without loss: decoding is bound by the bytes it reads.
//
// Idea: a trained matrix uses few exponents. Of each weight, sign and mantissa stay as they are (8 bits), and 4 bits say which
// of 15 exponents below the panel's largest it has; code 0 is the exponent 0, of zeros and denormal numbers. The few weights
// that have yet another exponent, one in ten thousand of a normal distribution, are told one by one.
//
//   header      64 bytes: the largest exponent
//   steps       of 32 columns: [32][64] signs and mantissas, then [16][64] pairs of codes, low half first, so that two vectors of
//               bytes become four of bfloat16 in a plain panel's order by unpacking within 128 bits
//   counts      one byte a step, how many exceptions it has; padded to 64 bytes
//   exceptions  uint16 place in the step, uint16 bfloat16; at most kCompactExceptions a step on average
//
// Columns are padded with zeros to a step.
#pragma once
#include <cstdint>

#include "cpu/packed_weight.h"

namespace evalrun {

constexpr int64_t kCompactColumns = 32;
constexpr int64_t kCompactStepWeights = kCompactColumns * kPanelOutputs;
constexpr int64_t kCompactStepBytes = kCompactStepWeights * 3 / 2;
constexpr int64_t kCompactExceptions = 8;
constexpr int64_t kCompactHeader = 64;

inline int64_t compact_steps(int64_t columns) { return (columns + kCompactColumns - 1) / kCompactColumns; }

struct CompactException {
  uint16_t place, value;
};

// Where the parts of a panel begin, in bytes from its beginning.
struct CompactLayout {
  explicit CompactLayout(int64_t columns)
      : steps(compact_steps(columns)),
        counts(kCompactHeader + steps * kCompactStepBytes),
        exceptions(counts + (steps + 63) / 64 * 64),
        bytes((exceptions + steps * kCompactExceptions * static_cast<int64_t>(sizeof(CompactException)) + 63) / 64 * 64) {}

  int64_t steps, counts, exceptions, bytes;
};

// Codes beside 0: code c is the exponent largest - 15 + c, or c where the largest is less than 15.
constexpr int kCompactCodes = 15;

// Bytes of a panel in either form.
inline int64_t packed_panel_bytes(DType dtype, int64_t columns, bool compact) {
  return compact ? CompactLayout(columns).bytes : panel_bytes(dtype, columns);
}

// True where products read compact panels: with tiles, which take bfloat16 from the cache that it was expanded to.
inline bool takes_compact(DType dtype, const CpuFeatures& features) { return dtype == DType::kBF16 && features.amx_bf16; }

// Makes a compact panel of a plain one, 64-byte aligned; false where it has too many exceptions, and then `out` holds anything.
#if defined(__x86_64__)
bool compact_panel(const void* plain, int64_t columns, void* out);
#else
inline bool compact_panel(const void*, int64_t, void*) { return false; }  // takes_compact() is never true
#endif

}  // namespace evalrun

// Activations converted for the matrix units, kept for the ops of one step that read the same matrix (q, k and v; gate
// and up).
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "ops/ops.h"

namespace evalrun::cuda {

class Scratch;

// What an operand is made of: `rows` rows of `columns` float32 in device memory, in one of the two converted
// precisions.
struct OperandKey {
  const float* x;
  int64_t x_stride;
  int rows;
  int64_t columns;
  Precision precision;  // kBF16 or kFP8

  bool operator==(const OperandKey& other) const {
    return x == other.x && x_stride == other.x_stride && rows == other.rows && columns == other.columns &&
           precision == other.precision;
  }
};

// kBF16: bfloat16 [rows, row_bytes / 2]. kFP8: e4m3 codes [rows, row_bytes], and one scale per 128 columns, [rows,
// scale_columns]. Rows are padded with zeros to whole groups of kRowBytes.
struct Operand {
  OperandKey key;
  void* values;
  int64_t row_bytes;
  float* scales;  // kFP8
  int64_t scale_columns;
};

// Operands are valid until the step ends or their matrix is written, whichever is first. Their memory is the step's and
// is used again within the step: the stream keeps the order of what reads the old and what writes the new.
class OperandCache {
 public:
  // The operand of this key, made in this step and still valid, or null.
  const Operand* find(const OperandKey& key, int64_t step) const;
  // Remembers a new operand of this key: memory for it, undefined until the caller converts into it.
  const Operand& add(const OperandKey& key, int64_t step, Scratch& step_memory);
  // Whoever writes these rows may convert them as well: the precision in which rows of this matrix were converted last.
  std::optional<Precision> wanted(const float* x, int64_t x_stride, int64_t columns) const;
  // An operand of this key had to be made from its matrix.
  void note(const OperandKey& key);
  // Forgets the operands whose matrix overlaps memory that an op has written or is about to write.
  void invalidate(const void* begin, int64_t bytes);

 private:
  struct Buffer {
    char* data;
    int64_t bytes;
  };
  struct Entry {
    Operand operand;
    Buffer buffer;
  };
  Buffer take(int64_t bytes, Scratch& step_memory);

  int64_t step_ = 0;  // of all entries and free buffers
  std::vector<Entry> entries_;
  std::vector<OperandKey> noted_;  // the oldest first
  std::vector<Buffer> free_;
};

}  // namespace evalrun::cuda

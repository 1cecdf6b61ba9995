// Inputs and outputs of op tests: seeded random numbers, and memory whose edges cannot be touched unnoticed.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "ops/numeric.h"

namespace evalrun::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  uint32_t bits();
  int below(int limit) { return static_cast<int>(bits() % static_cast<uint32_t>(limit)); }
  // Roughly normal, standard deviation 1.
  float normal();
  std::vector<float> normals(int64_t count);

 private:
  uint64_t state_;
};

// `size` bytes that end `gap` bytes before a page that cannot be read, filled with ones (NaN in every storage format).
// A read behind the end crashes; check() throws if the bytes before the beginning, or in the gap, were written.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size, size_t gap = 0);
  ~GuardedBytes();
  GuardedBytes(GuardedBytes&& other) noexcept;
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  char* data() const { return data_; }
  float* floats() const { return reinterpret_cast<float*>(data_); }
  size_t size() const { return size_; }
  void check(const std::string& what) const;

 private:
  char* map_ = nullptr;
  size_t mapped_ = 0;
  char* data_ = nullptr;
  size_t size_ = 0;
};

// A weight stored in guarded memory; gap > 0 leaves it unaligned. Beside it, in guarded memory too, the same weight packed
// where this CPU has kernels for that.
struct StoredWeight {
  StoredWeight(Random& random, DType dtype, int64_t rows, int64_t columns, size_t gap = 0);
  Weight weight() const;
  // The same weight, its panels compact where this CPU has kernels for that.
  StoredWeight compact() &&;

  DType dtype;
  int64_t rows, columns;
  GuardedBytes bytes;
  std::vector<float> scale;
  std::unique_ptr<GuardedBytes> packed;
  bool is_compact = false;
};

// The bfloat16 of a compact panel in the order of a plain one and padded to whole steps: what compact_panel.h says, read one weight
// at a time.
std::vector<uint16_t> expand_compact(const char* panel, int64_t columns);

void store_element(void* data, DType dtype, int64_t i, float value);
const char* name_of(DType dtype);
const char* name_of(Precision precision);
std::string print(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The largest |actual - expected| / bound seen; throws where it is above 1 or one side alone is NaN.
class Comparison {
 public:
  // `where`: a function that is called where the values are too far apart.
  template <class Where>
  void add(float actual, float expected, double bound, const Where& where) {
    if (!is_near(actual, expected, bound)) fail(actual, expected, bound, where());
  }
  double worst() const { return worst_; }
  std::string summary() const { return print("error at most %.3f of its bound, over %ld values", worst_, count_); }

 private:
  bool is_near(float actual, float expected, double bound);
  [[noreturn]] static void fail(float actual, float expected, double bound, const std::string& where);

  double worst_ = 0;
  long count_ = 0;
};

// Throws unless the values are the same bit for bit.
void expect_same_bits(const float* a, const float* b, int64_t count, const std::string& what);

}  // namespace evalrun::test

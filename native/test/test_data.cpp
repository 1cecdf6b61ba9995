#include "test/test_data.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "cpu/compact_panel.h"
#include "cpu/packed_weight.h"
#include "test/test_runner.h"

namespace evalrun::test {

uint32_t Random::bits() {
  // splitmix64
  uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
}

float Random::normal() {
  // The sum of twelve numbers below 1, two from each draw.
  uint32_t sum = 0;
  for (int i = 0; i < 6; ++i) {
    const uint32_t both = bits();
    sum += (both & 0xffffu) + (both >> 16);
  }
  return static_cast<float>(sum) * 0x1p-16f - 6.0f;
}

std::vector<float> Random::normals(int64_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = normal();
  return values;
}

GuardedBytes::GuardedBytes(size_t size, size_t gap) : size_(size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t usable = (size + gap + 64 + page - 1) / page * page;
  mapped_ = usable + page;
  void* map = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(map != MAP_FAILED, "no memory for a guarded buffer");
  map_ = static_cast<char*>(map);
  std::memset(map_, 0xff, usable);
  mprotect(map_ + usable, page, PROT_NONE);
  data_ = map_ + usable - gap - size;
}

GuardedBytes::GuardedBytes(GuardedBytes&& other) noexcept
    : map_(other.map_), mapped_(other.mapped_), data_(other.data_), size_(other.size_) {
  other.map_ = nullptr;
}

GuardedBytes::~GuardedBytes() {
  if (map_ != nullptr) munmap(map_, mapped_);
}

void GuardedBytes::check(const std::string& what) const {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const char* p = map_; p < map_ + mapped_ - page; ++p) {
    if (p == data_) p += size_;
    if (p >= map_ + mapped_ - page) break;
    expect(static_cast<unsigned char>(*p) == 0xff, what + ": wrote outside its output");
  }
}

StoredWeight::StoredWeight(Random& random, DType dtype, int64_t rows, int64_t columns, size_t gap)
    : dtype(dtype),
      rows(rows),
      columns(columns),
      bytes(static_cast<size_t>(rows * columns * element_size(dtype)), gap) {
  for (int64_t i = 0; i < rows * columns; ++i) store_element(bytes.data(), dtype, i, random.normal());
  const int64_t blocks = ((rows + kQuantBlock - 1) / kQuantBlock) * ((columns + kQuantBlock - 1) / kQuantBlock);
  for (int64_t i = 0; i < blocks; ++i) scale.push_back(0.05f + 0.01f * static_cast<float>(random.below(100)));
  const Precision precision = dtype == DType::kBF16 ? Precision::kBF16 : Precision::kFP8;
  if (!takes_packed(precision, dtype, cpu_features())) return;
  const int64_t size = panel_bytes(dtype, columns);
  packed = std::make_unique<GuardedBytes>(packed_weight_bytes(weight()));
  for (int64_t panel = 0; panel < panels_of(rows); ++panel) pack_panel(weight(), panel, packed->data() + panel * size);
}

Weight StoredWeight::weight() const {
  return {bytes.data(), dtype, rows, columns, scale.data(), packed == nullptr ? nullptr : packed->data(), 0, is_compact};
}

StoredWeight StoredWeight::compact() && {
  if (!takes_compact(dtype, cpu_features())) return std::move(*this);
  const int64_t size = CompactLayout(columns).bytes;
  auto panels = std::make_unique<GuardedBytes>(static_cast<size_t>(panels_of(rows) * size));
  for (int64_t panel = 0; panel < panels_of(rows); ++panel) {
    const char* plain = packed->data() + panel * panel_bytes(dtype, columns);
    expect(compact_panel(plain, columns, panels->data() + panel * size), "a panel is not compact");
  }
  packed = std::move(panels);
  is_compact = true;
  return std::move(*this);
}

std::vector<uint16_t> expand_compact(const char* panel, int64_t columns) {
  const CompactLayout layout(columns);
  const int largest = static_cast<uint8_t>(panel[0]);
  const int below = std::max(largest - 15, 0);
  const auto* exceptions = reinterpret_cast<const CompactException*>(panel + layout.exceptions);
  std::vector<uint16_t> values;
  for (int64_t s = 0; s < layout.steps; ++s) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(panel + kCompactHeader + s * kCompactStepBytes);
    for (int i = 0; i < kCompactStepWeights; ++i) {
      // Unpacking takes 8 bytes of each 16 for a pair's first vector, the other 8 for its second.
      const int pair = i / 64, weight = i % 64;
      const int place = weight % 32 / 8 * 16 + weight / 32 * 8 + weight % 8;
      const uint8_t byte = bytes[pair * 64 + place];
      const uint8_t both = bytes[kCompactStepWeights + pair / 2 * 64 + place];
      const int code = pair % 2 == 0 ? both & 15 : both >> 4;
      const int exponent = code == 0 ? 0 : below + code;
      values.push_back(static_cast<uint16_t>((byte & 0x80) << 8 | exponent << 7 | (byte & 0x7f)));
    }
    for (int e = static_cast<uint8_t>(panel[layout.counts + s]); e > 0; --e, ++exceptions) {
      values[s * kCompactStepWeights + exceptions->place] = exceptions->value;
    }
  }
  return values;
}

void store_element(void* data, DType dtype, int64_t i, float value) {
  char* p = static_cast<char*>(data) + i * element_size(dtype);
  if (dtype == DType::kF32) std::memcpy(p, &value, 4);
  if (dtype == DType::kF8E4M3) *p = static_cast<char>(float_to_e4m3(value));
  if (dtype == DType::kBF16) {
    const uint16_t half = float_to_bf16(value);
    std::memcpy(p, &half, 2);
  }
  if (dtype == DType::kF16) {
    // Ten mantissa bits of a number that half precision holds; nothing here is small enough to be denormal in it.
    const uint32_t bits = float_to_bits(value);
    const int exponent = static_cast<int>((bits >> 23) & 0xff) - 127 + 15;
    const uint16_t half = static_cast<uint16_t>(((bits >> 16) & 0x8000) |
                                                (exponent <= 0 ? 0 : (exponent << 10) | ((bits >> 13) & 0x3ff)));
    std::memcpy(p, &half, 2);
  }
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBF16:
      return "bf16";
    case DType::kF8E4M3:
      return "e4m3";
  }
  return "?";
}

const char* name_of(Precision precision) {
  return precision == Precision::kF32 ? "f32" : precision == Precision::kBF16 ? "bf16" : "fp8";
}

std::string print(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

bool Comparison::is_near(float actual, float expected, double bound) {
  ++count_;
  if (std::isnan(actual) && std::isnan(expected)) return true;
  if (actual == expected) return true;
  const double ratio = std::fabs(static_cast<double>(actual) - expected) / bound;
  if (!(ratio <= 1)) return false;
  worst_ = std::max(worst_, ratio);
  return true;
}

void Comparison::fail(float actual, float expected, double bound, const std::string& where) {
  throw Failure(where + print(": found %.9g, expected %.9g within %.3g", actual, expected, bound));
}

void expect_same_bits(const float* a, const float* b, int64_t count, const std::string& what) {
  for (int64_t i = 0; i < count; ++i) {
    if (float_to_bits(a[i]) == float_to_bits(b[i])) continue;
    throw Failure(what + print(": value %ld is %.9g (%08x) and %.9g (%08x)", static_cast<long>(i), a[i],
                               float_to_bits(a[i]), b[i], float_to_bits(b[i])));
  }
}

}  // namespace evalrun::test

// Conversions of weights for every instruction set of this CPU, bit for bit against the scalar one.
#include "cpu/convert_weight.h"

#include <cmath>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

constexpr int64_t kRows[] = {1, 3, 127, 128};
constexpr int64_t kColumns[] = {1, 7, 8, 9, 15, 16, 17, 127, 128, 129, 250, 384};

struct NamedFeatures {
  const char* name;
  CpuFeatures features;
};

std::vector<NamedFeatures> instruction_sets() {
  std::vector<NamedFeatures> sets;
  CpuFeatures features;
  features.avx2 = true;
  if (cpu_features().avx2) sets.push_back({"avx2", features});
  features.avx512 = true;
  if (cpu_features().avx512) sets.push_back({"avx512", features});
  CpuFeatures arm;
  arm.neon = true;
  if (cpu_features().neon) sets.push_back({"neon", arm});
  return sets;
}

// Ordinary numbers, and those where rounding is decided: zeros of both signs, denormals, halves between two codes.
void fill(Random& random, StoredWeight& weight) {
  for (int64_t i = 0; i < weight.rows * weight.columns; ++i) {
    const int kind = random.below(8);
    float value = random.normal();
    if (kind == 0) value = random.below(2) == 0 ? 0.0f : -0.0f;
    if (kind == 1) value = static_cast<float>(random.below(64) - 32) / 16;
    if (kind == 2) value *= 1e-4f;
    if (kind == 3) value = bits_to_float(random.bits() & 0x807fffff);  // denormal
    if (kind == 4) value = bits_to_float((random.bits() & 0x80000000) | 0x3f800000u | (random.bits() & 0x00180000u) | 0x00080000u);
    if (weight.dtype == DType::kF16 && std::fabs(value) < 1e-3f) value = 0.5f;  // store_element has no denormals of half precision
    store_element(weight.bytes.data(), weight.dtype, i, value);
  }
  if (weight.columns > 5) {
    // The largest of its block is a power of two times 448: quotients then fall on halves between codes.
    store_element(weight.bytes.data(), weight.dtype, weight.columns - 1, 7.0f);
  }
}

std::string same_bits(DType from, DType to) {
  const std::vector<NamedFeatures> sets = instruction_sets();
  if (sets.empty()) return "skipped: this CPU has neither avx2 nor neon";
  Random random(17);
  int shapes = 0;
  for (int64_t rows : kRows) {
    for (int64_t columns : kColumns) {
      // Behind a whole row of blocks, whose scales are not theirs.
      StoredWeight stored(random, from, kQuantBlock + rows, columns);
      fill(random, stored);
      const Weight weight = stored.weight();
      const RowsToConvert part{&weight, kQuantBlock, rows};
      const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
      const size_t bytes = static_cast<size_t>(rows * columns * element_size(to));
      const auto convert = [&](const GuardedBytes& values, std::vector<float>& scales, const CpuFeatures& features) {
        if (to == DType::kBF16) {
          convert_to_bf16(part, reinterpret_cast<uint16_t*>(values.data()), features);
        } else {
          convert_to_e4m3(part, reinterpret_cast<uint8_t*>(values.data()), scales.data(), features);
        }
        values.check("a conversion");
      };
      std::vector<float> expected_scales(static_cast<size_t>(blocks));
      const GuardedBytes expected(bytes);
      convert(expected, expected_scales, CpuFeatures{});
      for (const NamedFeatures& set : sets) {
        std::vector<float> scales(static_cast<size_t>(blocks));
        const GuardedBytes values(bytes);
        convert(values, scales, set.features);
        const std::string what = print("%s, [%ld, %ld]", set.name, rows, columns);
        expect(std::memcmp(values.data(), expected.data(), bytes) == 0, what + ": values differ");
        expect(scales == expected_scales, what + ": scales differ");
        ++shapes;
      }
    }
  }
  return print("%d shapes", shapes);
}

const Suite suite([] {
  for (DType from : {DType::kF32, DType::kF16, DType::kF8E4M3}) {
    add(print("convert weight: %s to bf16 has the scalar bits", name_of(from)), [from] { return same_bits(from, DType::kBF16); });
  }
  for (DType from : {DType::kF32, DType::kF16, DType::kBF16}) {
    add(print("convert weight: %s to e4m3 has the scalar bits", name_of(from)), [from] { return same_bits(from, DType::kF8E4M3); });
  }
});

}  // namespace
}  // namespace evalrun::test

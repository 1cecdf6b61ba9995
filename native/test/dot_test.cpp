// DotKernels directly: rows wherever they lie, which no op asks for today.
#include "cpu/dot_kernels.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "cpu/features.h"
#include "cpu/scratch.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

#if defined(__x86_64__) || defined(__aarch64__)

struct Table {
  const char* name;
  const DotKernels* kernels;
  bool present;
};

// Rows that follow one another and the same rows in an order of their own, each at the end of memory that may be read, have
// the same bits, for whole tiles and for what is left of one.
std::string takes_rows_wherever_they_lie(const Table& table) {
  if (!table.present) return std::string("skipped: this CPU has no ") + table.name;
  const DotKernels& dot = *table.kernels;
  Random random(31);
  long compared = 0;
  for (const int count : {1, 3, 16, 37, 150}) {
    for (const int64_t columns : {33, 96}) {
      const int64_t outputs = 70;
      const StoredWeight stored(random, DType::kBF16, outputs, columns);
      const std::vector<float> bias = random.normals(outputs + 2);
      const size_t bytes = dot.packed_bytes(columns);
      Scratch together, work;
      char* packed = together.get<char>(bytes * count);
      std::vector<GuardedBytes> apart;
      std::vector<const void*> regular(count), irregular(count);
      for (int r = 0; r < count; ++r) {
        const std::vector<float> x = random.normals(columns);
        dot.pack_row(x.data(), columns, packed + r * bytes);
        apart.emplace_back(bytes);
        std::memcpy(apart.back().data(), packed + r * bytes, bytes);
      }
      for (int r = 0; r < count; ++r) {
        regular[r] = packed + r * bytes;
        irregular[r] = apart[r].data();
      }
      const auto run = [&](const std::vector<const void*>& rows) {
        std::vector<float> y(count * outputs, NAN);
        std::vector<float*> to(count);
        for (int r = 0; r < count; ++r) to[r] = y.data() + r * outputs;
        Weight weight = stored.weight();
        weight.packed = nullptr;
        dot.panel({weight, columns, 2, outputs - 2, rows.data(), to.data(), count, bias.data(), work.get<char>(dot.scratch_bytes(columns))});
        return y;
      };
      const std::vector<float> expected = run(regular), found = run(irregular);
      for (int r = 0; r < count; ++r) {
        expect_same_bits(found.data() + r * outputs, expected.data() + r * outputs, outputs - 2,
                         print("%d rows of %ld columns, row %d", count, static_cast<long>(columns), r));
        for (int64_t n = 0; n < outputs - 2; ++n) expect(expected[r * outputs + n] == expected[r * outputs + n], "an output is NaN");
        for (int64_t n = outputs - 2; n < outputs; ++n) expect(found[r * outputs + n] != found[r * outputs + n], "wrote past its outputs");
        ++compared;
      }
    }
  }
  return print("%ld rows the same bits", compared);
}

const Suite kSuite([] {
  const CpuFeatures& cpu = cpu_features();
  const int bf16 = static_cast<int>(Precision::kBF16);
#if defined(__x86_64__)
  const Table tables[] = {{"avx2", &kDotAvx2[bf16], cpu.avx2},
                          {"avx512", &kDotAvx512[bf16], cpu.avx512},
                          {"avx512-bf16", &kDotAvx512Bf16[bf16], cpu.avx512_bf16},
                          {"amx-bf16", &kDotAmx[bf16], cpu.amx_bf16}};
#else
  const Table tables[] = {{"neon", &kDotNeon[bf16], cpu.neon}};
#endif
  for (const Table& table : tables) {
    add(std::string("dot/") + table.name + " takes rows wherever they lie", [table] { return takes_rows_wherever_they_lie(table); });
  }
});

#endif

}  // namespace
}  // namespace evalrun::test

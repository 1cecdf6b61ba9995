// Panels, element by element against the layout that packed_weight.h describes.
#include "cpu/packed_weight.h"

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

constexpr DType kTypes[] = {DType::kBF16, DType::kF8E4M3};
constexpr int64_t kRows[] = {1, 15, 16, 17, 63, 64, 65, 130};
constexpr int64_t kColumns[] = {1, 2, 3, 31, 32, 33, 62, 63, 64, 65, 127, 128, 129, 191, 200, 257};

void check(Random& random, DType dtype, int64_t rows, int64_t columns) {
  const int64_t size = element_size(dtype);
  GuardedBytes stored(static_cast<size_t>(rows * columns * size));
  for (size_t i = 0; i < stored.size(); ++i) stored.data()[i] = static_cast<char>(random.bits());
  const Weight weight{stored.data(), dtype, rows, columns};
  for (int64_t panel = 0; panel < panels_of(rows); ++panel) {
    const GuardedBytes out(static_cast<size_t>(panel_bytes(dtype, columns)));
    pack_panel(weight, panel, out.data());
    out.check("a panel");
    const int64_t padded = panel_bytes(dtype, columns) / size / kPanelOutputs;
    for (int64_t n = 0; n < kPanelOutputs; ++n) {
      for (int64_t k = 0; k < padded; ++k) {
        const int64_t row = panel * kPanelOutputs + n;
        const char zero[2] = {};
        const char* expected = row < rows && k < columns ? stored.data() + (row * columns + k) * size : zero;
        const char* actual = out.data() + ((k / 2 * kPanelOutputs + n) * 2 + k % 2) * size;
        expect(std::memcmp(actual, expected, static_cast<size_t>(size)) == 0,
               print("%s [%ld, %ld]: output %ld, column %ld", name_of(dtype), rows, columns, row, k));
      }
    }
  }
}

std::string every_element_in_its_place() {
  Random random(5);
  int shapes = 0;
  for (DType dtype : kTypes) {
    for (int64_t rows : kRows) {
      for (int64_t columns : kColumns) {
        check(random, dtype, rows, columns);
        ++shapes;
      }
    }
  }
  return print("%d shapes", shapes);
}

const Suite suite([] { add("packed weight: every element is in its place, and zeros around them", every_element_in_its_place); });

}  // namespace
}  // namespace evalrun::test

// Panels, element by element against the layout that packed_weight.h describes.
#include "cpu/packed_weight.h"

#include <cmath>

#include "cpu/compact_panel.h"
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

// Weights with any exponent: every `rare`th is drawn from all 65,536 patterns.
std::string compact_panels_lose_nothing() {
  if (!takes_compact(DType::kBF16, cpu_features())) return "skipped: no tiles";
  Random random(6);
  long exceptions = 0;
  for (int64_t columns : kColumns) {
    for (int rare : {0, 500, 1000}) {
      for (float size : {1.0f, 1e-38f, 1e38f}) {
        const GuardedBytes plain(static_cast<size_t>(panel_bytes(DType::kBF16, columns)));
        const int64_t count = static_cast<int64_t>(plain.size()) / 2;
        for (int64_t i = 0; i < count; ++i) {
          store_element(plain.data(), DType::kBF16, i, size * random.normal());
          const uint16_t any = static_cast<uint16_t>(random.bits());
          if (rare > 0 && random.below(rare) == 0) std::memcpy(plain.data() + 2 * i, &any, 2);
        }
        const CompactLayout layout(columns);
        const GuardedBytes out(static_cast<size_t>(layout.bytes));
        const bool fits = compact_panel(plain.data(), columns, out.data());
        out.check("a compact panel");
        if (!fits) continue;  // an exponent far above the others makes exceptions of them
        const std::vector<uint16_t> values = expand_compact(out.data(), columns);
        expect(std::memcmp(values.data(), plain.data(), plain.size()) == 0, print("%ld columns: other weights", columns));
        for (size_t i = count; i < values.size(); ++i) expect(values[i] == 0, print("%ld columns: padding is not zero", columns));
        for (int64_t s = 0; s < layout.steps; ++s) exceptions += static_cast<uint8_t>(out.data()[layout.counts + s]);
      }
    }
  }
  expect(exceptions > 100, print("only %ld exceptions", exceptions));
  return print("%ld exceptions", exceptions);
}

// Room for exceptions is as much as is said, in all steps together and 255 in one.
std::string compact_panels_say_when_they_do_not_fit() {
  if (!takes_compact(DType::kBF16, cpu_features())) return "skipped: no tiles";
  Random random(7);
  const int64_t columns = 32 * 40;
  const int64_t room = 40 * kCompactExceptions;
  const GuardedBytes plain(static_cast<size_t>(panel_bytes(DType::kBF16, columns)));
  const GuardedBytes out(static_cast<size_t>(CompactLayout(columns).bytes));
  const auto fits = [&](int64_t first, int64_t tiny) {
    for (int64_t i = 0; i < columns * kPanelOutputs; ++i) {
      store_element(plain.data(), DType::kBF16, i, i >= first && i < first + tiny ? 1e-20f : 1.5f);
    }
    const bool result = compact_panel(plain.data(), columns, out.data());
    out.check("a compact panel");
    if (result) expect(std::memcmp(expand_compact(out.data(), columns).data(), plain.data(), plain.size()) == 0, "other weights");
    return result;
  };
  expect(fits(100, 255), "255 exceptions in one step");
  expect(!fits(100, 256), "256 exceptions in one step have no place");
  expect(fits(2048 - 160, room), "as many exceptions as there is room for");
  expect(!fits(2048 - 161, room + 1), "one exception more than there is room for");
  return print("%ld exceptions", room);
}

const Suite suite([] {
  add("packed weight: compact panels are the same weights", compact_panels_lose_nothing);
  add("packed weight: compact panels say when they do not fit", compact_panels_say_when_they_do_not_fit); add("packed weight: every element is in its place, and zeros around them", every_element_in_its_place); });

}  // namespace
}  // namespace evalrun::test

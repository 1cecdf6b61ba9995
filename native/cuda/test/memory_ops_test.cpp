// EmbedOp, TakeRowsOp, CombineOp and GatedActOp: kernels that read each value once.
#include <cmath>

#include "cuda/test/harness.h"
#include "cuda/test/reference.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

std::string embed() {
  Random random(201);
  int rows = 0;
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16, DType::kF8E4M3}) {
    for (int columns : {1, 130, 131, 132, 1100}) {
      const StoredWeight table(random, dtype, 200, columns);
      const DeviceWeightCopy copy(table.weight());
      const std::vector<int32_t> ids = {199, 0, 7, 7, 128};
      const int count = static_cast<int>(ids.size());
      std::vector<float> expected(count * columns);
      run_reference(EmbedOp{ids.data(), table.weight(), count, expected.data()});
      const DeviceArray<int32_t> device_ids(ids);
      const DeviceArray<float> y(count * columns);
      run_op(EmbedOp{device_ids.data(), copy.weight(), count, y.data()});
      y.check("embed");
      expect_same_bits(y.host().data(), expected.data(), count * columns, print("%s x %d", name_of(dtype), columns));
      rows += count;
    }
  }
  return print("%d rows, the same bits", rows);
}

std::string take_rows() {
  Random random(202);
  for (int columns : {1, 11, 12, 700, 2048}) {
    const std::vector<float> x = random.normals(6 * columns);
    const std::vector<int32_t> rows = {5, 0, 5, 2};
    std::vector<float> expected(4 * columns);
    run_reference(TakeRowsOp{x.data(), columns, rows.data(), 4, expected.data()});
    const DeviceArray<float> device_x(x), y(4 * columns);
    const DeviceArray<int32_t> device_rows(rows);
    run_op(TakeRowsOp{device_x.data(), columns, device_rows.data(), 4, y.data()});
    y.check("take_rows");
    expect_same_bits(y.host().data(), expected.data(), 4 * columns, print("%d columns", columns));
  }
  return "4 rows of 5 widths, the same bits";
}

std::string combine() {
  Random random(203);
  Comparison comparison;
  for (int columns : {1, 37, 40, 1030}) {
    for (int per_token : {1, 3, 8, 11}) {
      for (bool plus : {false, true}) {
        const int rows = 5, slots = rows * per_token;
        const std::vector<float> x = random.normals(slots * columns), weights = random.normals(slots);
        std::vector<int32_t> slot_of(slots);
        for (int i = 0; i < slots; ++i) slot_of[i] = (i * 7 + 3) % slots;
        const std::vector<float> shared = random.normals(rows * columns);
        const DeviceArray<float> device_x(x), device_weights(weights), device_shared(shared), y(rows * columns), alone(columns);
        const DeviceArray<int32_t> device_slots(slot_of);
        run_op(CombineOp{device_x.data(), device_slots.data(), device_weights.data(), rows, columns, per_token,
                         plus ? device_shared.data() : nullptr, y.data()});
        y.check("combine");
        const std::vector<float> result = y.host();
        std::vector<float> expected(rows * columns);
        run_reference(CombineOp{x.data(), slot_of.data(), weights.data(), rows, columns, per_token, plus ? shared.data() : nullptr,
                                expected.data()});
        for (int r = 0; r < rows; ++r) {
          for (int c = 0; c < columns; ++c) {
            double magnitude = plus ? std::fabs(shared[r * columns + c]) : 0;
            for (int k = 0; k < per_token; ++k) {
              magnitude += std::fabs(static_cast<double>(weights[r * per_token + k]) *
                                     x[slot_of[r * per_token + k] * columns + c]);
            }
            // One rounding per step in one of them, two in the other.
            comparison.add(result[r * columns + c], expected[r * columns + c], 3 * per_token * 0x1p-24 * magnitude,
                           print("row %d, column %d of %d, K %d", r, c, columns, per_token));
          }
        }
        if (plus) continue;
        run_op(CombineOp{device_x.data(), device_slots.data() + 3 * per_token, device_weights.data() + 3 * per_token, 1, columns,
                         per_token, nullptr, alone.data()});
        expect_same_bits(alone.host().data(), result.data() + 3 * columns, columns, "a row alone");
      }
    }
  }
  return comparison.summary();
}

std::string gated_act() {
  Random random(204);
  Comparison comparison;
  for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 15}, {3, 17}, {7, 336}, {5, 1800}}) {
    const int count = rows * columns;
    std::vector<float> gate = random.normals(count);
    const std::vector<float> up = random.normals(count);
    for (float& g : gate) g *= 8;
    if (count > 100) {
      const float special[] = {0.0f, -0.0f, 87.5f, -87.5f, -104.0f, -200.0f, 200.0f, 1e30f, -1e30f, 1e-30f};
      std::copy(std::begin(special), std::end(special), gate.begin() + 20);
    }
    const DeviceArray<float> device_gate(gate), device_up(up), y(count);
    run_op(GatedActOp{device_gate.data(), device_up.data(), rows, columns, y.data()});
    y.check("gated_act");
    const std::vector<float> result = y.host();
    for (int i = 0; i < count; ++i) {
      const double exact = static_cast<double>(gate[i]) / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i];
      // Two units in the last place of expf (CUDA C++ Programming Guide, table of mathematical functions), and three roundings.
      comparison.add(result[i], static_cast<float>(exact), 7 * 0x1p-24 * std::fabs(exact) + 1e-36,
                     print("silu(%.9g) * %.9g", gate[i], up[i]));
    }
    run_op(GatedActOp{device_gate.data(), device_up.data(), rows, columns, device_gate.data()});
    expect_same_bits(device_gate.host().data(), result.data(), count, "in place");
    if (count < 8) continue;
    // From an odd address to another.
    const DeviceArray<float> shifted(gate);
    const DeviceArray<float> moved(count);
    run_op(GatedActOp{shifted.data() + 1, device_up.data() + 1, 1, count - 3, moved.data() + 3});
    moved.check("gated_act at an odd address");
    expect_same_bits(moved.host().data() + 3, result.data() + 1, count - 3, "at an odd address");
    expect(std::isnan(moved.host()[2]), "wrote before its output");
  }
  const DeviceArray<float> gate(std::vector<float>{NAN}), up(std::vector<float>{1}), y(1);
  run_op(GatedActOp{gate.data(), up.data(), 1, 1, y.data()});
  expect(std::isnan(y.host()[0]), "silu(NaN) must be NaN");
  return comparison.summary();
}

const evalrun::test::Suite kSuite([] {
  add("cuda embed widens rows of every type, block scales applied", embed);
  add("cuda take_rows copies the rows asked for", take_rows);
  add("cuda combine adds weighted experts in their order, alone as in a batch", combine);
  add("cuda gated_act is silu(gate) * up, extremes included", gated_act);
});

}  // namespace
}  // namespace evalrun::cuda::test

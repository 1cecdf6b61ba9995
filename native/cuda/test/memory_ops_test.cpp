// EmbedOp, TakeRowsOp, CombineOp and GatedActOp: kernels that read each value once.
#include <cmath>
#include <stdexcept>

#include "cuda/linear_operand.h"
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
                           [&] { return print("row %d, column %d of %d, K %d", r, c, columns, per_token); });
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

// Against combine and add_norm in a row, bit for bit, the operand of a product as well.
std::string combine_norm() {
  Random random(205);
  Context& ctx = context();
  int compared = 0;
  for (const int columns : {37, 40, 128, 512, 1030, 2048, 4096, 7168, 8196}) {
    for (const bool with_norm : {true, false}) {
      for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
        const bool can = columns % 4 == 0 && columns <= 8192;
        const int rows = 5, per_token = columns % 3 == 0 ? 11 : 6, slots = rows * per_token;
        std::vector<int32_t> slot_of(slots);
        for (int i = 0; i < slots; ++i) slot_of[i] = (i * 7 + 3) % slots;
        const StoredWeight weight(random, DType::kBF16, 1, columns);
        const DeviceWeightCopy device_weight(weight.weight());
        const std::vector<float> start = random.normals(rows * columns);
        const DeviceArray<float> x(random.normals(int64_t{slots} * columns)), weights(random.normals(slots)), shared(random.normals(rows * columns));
        const DeviceArray<float> y(rows * columns), of_two(start), of_one(start), norm_of_two(rows * columns), norm_of_one(rows * columns);
        const DeviceArray<int32_t> device_slots(slot_of);
        const auto op = [&](float* to, float* norm) {
          return CombineNormOp{{x.data(), device_slots.data(), weights.data(), rows, columns, per_token, columns % 8 == 0 ? shared.data() : nullptr, y.data()},
                               {to, y.data(), with_norm ? device_weight.weight() : Weight{}, 1e-6f, true, rows, columns, norm}};
        };
        const CombineNormOp two = op(of_two.data(), norm_of_two.data());
        run_op(two.combine);
        run_op(two.norm);
        const OperandKey key{norm_of_one.data(), columns, rows, columns, precision};
        begin_step();
        linear_operand(ctx, key);  // a product has converted it before
        finish_step();
        begin_step();
        const bool ran = run_fused(ctx, op(of_one.data(), norm_of_one.data())) != nullptr;
        const std::string where = print("%d columns%s", columns, with_norm ? "" : ", no norm");
        expect(ran == can, where + (can ? " have no kernel" : " have a kernel"));
        if (!can) {
          finish_step();
          continue;
        }
        const bool converted = ctx.operands.find(key, ctx.step) != nullptr;
        expect(converted == (with_norm && columns % 128 == 0), where + (converted ? " were converted" : " were not converted"));
        const auto bytes_of = [&](const Operand& operand) {
          std::vector<uint8_t> bytes(static_cast<size_t>(rows * (operand.row_bytes + operand.scale_columns * 4)));
          check(cudaMemcpyAsync(bytes.data(), operand.values, bytes.size(), cudaMemcpyDeviceToHost, ctx.stream), "an operand");
          finish_step();
          return bytes;
        };
        const std::vector<uint8_t> operand = bytes_of(linear_operand(ctx, key));
        begin_step();
        expect(operand == bytes_of(linear_operand(ctx, key)), where + ": an operand of other bytes");
        of_one.check(where);
        norm_of_one.check(where);
        expect_same_bits(of_one.host().data(), of_two.host().data(), rows * columns, where + ", x");
        expect_same_bits(norm_of_one.host().data(), norm_of_two.host().data(), rows * columns, where + ", the norm");
        ++compared;
      }
    }
  }
  bool refused = false;
  try {
    run_fused(ctx, CombineNormOp{{nullptr, nullptr, nullptr, 1, 8, 1, nullptr, nullptr}, {nullptr, nullptr, Weight{}, 0, false, 2, 8, nullptr}});
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "other rows were taken");
  return print("%d sums and norms", compared);
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
                     [&] { return print("silu(%.9g) * %.9g", gate[i], up[i]); });
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
  add("cuda combine_norm is combine and add_norm, in one where it can be", combine_norm);
  add("cuda gated_act is silu(gate) * up, extremes included", gated_act);
});

}  // namespace
}  // namespace evalrun::cuda::test

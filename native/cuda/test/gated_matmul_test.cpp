// GatedLinearOp and GroupedGatedLinearOp in one kernel: the operand of the next product, bit for bit that of the ops in a row.
#include <algorithm>

#include "cuda/linear_operand.h"
#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

// The bytes of the operand that the running step has of this matrix.
std::vector<uint8_t> operand_bytes(const float* x, int rows, int64_t columns) {
  const Operand operand = linear_operand(context(), {x, columns, rows, columns, Precision::kBF16});
  std::vector<uint8_t> bytes(static_cast<size_t>(rows * operand.row_bytes));
  check(cudaMemcpyAsync(bytes.data(), operand.values, bytes.size(), cudaMemcpyDeviceToHost, context().stream), "an operand");
  finish_step();
  return bytes;
}

void expect_same_bytes(const std::vector<uint8_t>& actual, const std::vector<uint8_t>& expected, int rows, const std::string& where) {
  const size_t row_bytes = expected.size() / static_cast<size_t>(rows);
  for (size_t i = 0; i < expected.size(); ++i) {
    if (actual[i] == expected[i]) continue;
    const std::string place = print(": row %zu, byte %zu of %zu", i / row_bytes, i % row_bytes, row_bytes);
    expect(false, where + place + print(": %d, expected %d", actual[i], expected[i]));
  }
}

std::string dense_equals_ops_in_a_row() {
  Random random(1);
  long compared = 0;
  const ProductShape shapes[] = {{1, 1, 1}, {17, 5, 64}, {3, 128, 100}, {130, 70, 40}, {66, 300, 257}};
  for (const ProductShape& s : shapes) {
    const StoredWeight gate(random, DType::kBF16, s.outputs, s.columns), up(random, DType::kBF16, s.outputs, s.columns);
    const DeviceWeightCopy weights(std::vector<Weight>{gate.weight(), up.weight()});
    const DeviceArray<float> x(activations(random, s.rows, s.columns));
    const DeviceArray<float> gate_y(s.rows * s.outputs), up_y(s.rows * s.outputs), unwritten(s.rows * s.outputs);
    const auto op_into = [&](float* y) {
      return GatedLinearOp{{x.data(), s.columns, weights.weight(0), nullptr, Precision::kBF16, s.rows, y, s.outputs},
                           {x.data(), s.columns, weights.weight(1), nullptr, Precision::kBF16, s.rows, up_y.data(), s.outputs}};
    };
    const GatedLinearOp in_a_row = op_into(gate_y.data());
    run_op(in_a_row.gate);
    run_op(in_a_row.up);
    run_op(GatedActOp{gate_y.data(), up_y.data(), s.rows, static_cast<int>(s.outputs), gate_y.data()});
    begin_step();
    const std::vector<uint8_t> expected = operand_bytes(gate_y.data(), s.rows, s.outputs);
    for (const MatmulTile tile : tiles_of(Precision::kBF16)) {
      begin_step();
      run_gated(context(), op_into(unwritten.data()), tile);
      const std::vector<uint8_t> fused = operand_bytes(unwritten.data(), s.rows, s.outputs);
      expect_same_bytes(fused, expected, s.rows, describe(Precision::kBF16, s) + print(", tile %dx%d", rows_of(tile), columns_of(tile)));
      compared += s.rows;
    }
    begin_step();
    expect(run_fused(context(), op_into(unwritten.data())) != nullptr, "this has a kernel");
    expect_same_bytes(operand_bytes(unwritten.data(), s.rows, s.outputs), expected, s.rows, "the engine's tile");
    // What was converted before is out of date.
    begin_step();
    operand_bytes(unwritten.data(), s.rows, s.outputs);
    begin_step();
    linear_operand(context(), {unwritten.data(), s.outputs, s.rows, s.outputs, Precision::kBF16});
    run_fused(context(), op_into(unwritten.data()));
    expect_same_bytes(operand_bytes(unwritten.data(), s.rows, s.outputs), expected, s.rows, "after an older operand");
  }
  return print("%ld rows", compared);
}

std::string experts_equal_ops_in_a_row() {
  Random random(2);
  long compared = 0;
  const std::vector<int32_t> offsets = {0, 0, 9, 10, 50, 50, 57}, order = [&] {
    std::vector<int32_t> pairs(57);
    for (int i = 0; i < 57; ++i) pairs[i] = i;
    for (int i = 56; i > 0; --i) std::swap(pairs[i], pairs[random.below(i + 1)]);
    return pairs;
  }();
  constexpr int kExperts = 6, kPerToken = 3, kSlots = 57;
  for (const int64_t outputs : {20, 150}) {
    constexpr int64_t kColumns = 130;
    std::vector<StoredWeight> stored;
    std::vector<Weight> gates, ups;
    for (int e = 0; e < 2 * kExperts; ++e) stored.emplace_back(random, DType::kBF16, outputs, kColumns);
    for (int e = 0; e < kExperts; ++e) {
      gates.push_back(stored[e].weight());
      ups.push_back(stored[kExperts + e].weight());
    }
    const DeviceWeightCopy gate(gates), up(ups);
    const DeviceArray<int32_t> device_order(order), device_offsets(offsets);
    for (const bool gather : {true, false}) {
      const DeviceArray<float> x(activations(random, gather ? kSlots / kPerToken : kSlots, kColumns));
      const DeviceArray<float> gate_y(kSlots * outputs), up_y(kSlots * outputs), unwritten(kSlots * outputs);
      const auto part = [&](const DeviceWeightCopy& weights, float* y) {
        return GroupedLinearOp{x.data(),  weights.weights().data(), kExperts, device_order.data(),   device_offsets.data(),
                               kSlots,    kPerToken,                gather,   Precision::kBF16,      y};
      };
      run_op(part(gate, gate_y.data()));
      run_op(part(up, up_y.data()));
      run_op(GatedActOp{gate_y.data(), up_y.data(), kSlots, static_cast<int>(outputs), gate_y.data()});
      begin_step();
      const std::vector<uint8_t> expected = operand_bytes(gate_y.data(), kSlots, outputs);
      for (const MatmulTile tile : tiles_of(Precision::kBF16)) {
        begin_step();
        run_gated(context(), GroupedGatedLinearOp{part(gate, unwritten.data()), part(up, up_y.data())}, tile);
        expect_same_bytes(operand_bytes(unwritten.data(), kSlots, outputs), expected, kSlots,
                          print("%ld outputs%s, tile %dx%d", static_cast<long>(outputs), gather ? ", gathered" : "", rows_of(tile),
                                columns_of(tile)));
        compared += kSlots;
      }
    }
  }
  return print("%ld rows", compared);
}

std::string leaves_the_rest_to_others() {
  Random random(3);
  const StoredWeight stored(random, DType::kBF16, 8, 64);
  const DeviceWeightCopy weight(stored.weight());
  const DeviceArray<float> x(64), y(8), bias(8);
  LinearOp gate{x.data(), 64, weight.weight(), bias.data(), Precision::kBF16, 1, y.data(), 8};
  begin_step();
  expect(run_fused(context(), GatedLinearOp{gate, gate}) == nullptr, "a bias has no fused kernel");
  gate.bias = nullptr;
  gate.precision = Precision::kF32;
  expect(run_fused(context(), GatedLinearOp{gate, gate}) == nullptr, "float32 has no fused kernel");
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    const GroupedLinearOp none{x.data(), &weight.weight(), 1, nullptr, nullptr, 0, 1, true, precision, y.data()};
    expect(run_fused(context(), GroupedGatedLinearOp{none, none}) == nullptr, "no slots have no kernel");
  }
  finish_step();
  return "biases, float32, no slots";
}

const evalrun::test::Suite kSuite([] {
  add("cuda gated matmul: the operand of dense products is that of the ops in a row", [] { return with_every_kind(dense_equals_ops_in_a_row); });
  add("cuda gated matmul: the operand of experts is that of the ops in a row", [] { return with_every_kind(experts_equal_ops_in_a_row); });
  add("cuda gated matmul: leaves the rest to others", leaves_the_rest_to_others);
});

}  // namespace
}  // namespace evalrun::cuda::test

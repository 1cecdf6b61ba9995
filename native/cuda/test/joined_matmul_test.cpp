// Products side by side in one launch: the bits of each alone.
#include <algorithm>
#include <limits>

#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

// Tiles that products of this precision share launches with, of the kind that context() uses.
std::vector<MatmulTile> joining_tiles(Precision precision) {
  std::vector<MatmulTile> tiles;
  for (const MatmulTile tile : tiles_of(precision)) {
    if (can_join(tile, precision, context().wgmma)) tiles.push_back(tile);
  }
  return tiles;
}

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

// A product with memory of its own for x, the weight, the bias and y, and what it gives alone.
struct OneProduct {
  OneProduct(Random& random, Precision precision, const ProductShape& s, bool has_bias)
      : shape(s),
        weight(StoredWeight(random, dtype_of(precision), s.outputs, s.columns).weight()),
        x(activations(random, s.rows, s.columns)),
        bias(random.normals(s.outputs)),
        y(std::vector<float>(static_cast<size_t>(s.rows * s.outputs), kUnwritten)),
        op{x.data(), s.columns, weight.weight(), has_bias ? bias.data() : nullptr, precision, s.rows, y.data(), s.outputs} {
    const DeviceArray<float> alone(s.rows * s.outputs);
    LinearOp other = op;
    other.y = alone.data();
    run_op(other);
    expected = alone.host();
  }

  void check(const std::string& where) const {
    y.check(where);
    expect_same_bits(y.host().data(), expected.data(), static_cast<int64_t>(expected.size()), where);
  }

  ProductShape shape;
  DeviceWeightCopy weight;
  DeviceArray<float> x, bias, y;
  LinearOp op;
  std::vector<float> expected;
};

std::string linears_are_each_alone() {
  Random random(1);
  int compared = 0;
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    for (const int rows : {1, 5, 16, 33}) {
      for (const int count : {2, 3}) {
        // The widest of several tiles, one of a single column; different depths.
        const ProductShape shapes[] = {{rows, 20, 64}, {rows, 300, 257}, {rows, 1, 130}};
        for (const MatmulTile tile : joining_tiles(precision)) {
          std::vector<OneProduct> all;
          all.reserve(3);
          std::vector<Matmul> products;
          begin_step();
          for (int i = 0; i < count; ++i) all.emplace_back(random, precision, shapes[i], i == 1);
          begin_step();
          for (const OneProduct& one : all) products.push_back(dense_matmul(context(), one.op));
          run_joined(context(), products, tile);
          finish_step();
          for (const OneProduct& one : all) {
            one.check(describe(precision, one.shape) + print(", %d in tiles of %dx%d", count, rows_of(tile), columns_of(tile)));
            ++compared;
          }
        }
      }
    }
  }
  return print("%d products", compared);
}

std::string linears_as_the_engine_has_them() {
  Random random(2);
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    const OneProduct first(random, precision, {3, 70, 200}, false), second(random, precision, {3, 130, 200}, true);
    begin_step();
    // What was converted from memory that is written now is out of date.
    const std::vector<float> stale(3 * 70, 1.0f);
    check(cudaMemcpyAsync(first.y.data(), stale.data(), stale.size() * 4, cudaMemcpyHostToDevice, context().stream), "old rows");
    const OperandCache& operands = context().operands;
    const OperandKey key{first.y.data(), 70, 3, 70, precision};
    const DeviceWeightCopy next(StoredWeight(random, dtype_of(precision), 8, 70).weight());
    operand_for(context(), first.y.data(), 70, 3, next.weight(), precision);
    expect(operands.find(key, context().step) != nullptr, "the old rows were converted");
    expect(run_fused(context(), LinearsOp{{first.op, second.op}, 2}) != nullptr, "few rows have one launch");
    expect(operands.find(key, context().step) == nullptr, "an operand of what was written is still there");
    finish_step();
    first.check(std::string(name_of(precision)) + ", the first");
    second.check(std::string(name_of(precision)) + ", the second");
  }
  const OneProduct one(random, Precision::kBF16, {2, 64, 64}, false), quantised(random, Precision::kFP8, {2, 64, 64}, false),
      more(random, Precision::kBF16, {3, 64, 64}, false), many(random, Precision::kBF16, {600, 256, 64}, false);
  LinearOp exact = one.op;
  exact.precision = Precision::kF32;
  begin_step();
  expect(run_fused(context(), LinearsOp{{one.op}, 1}) == nullptr, "one product is not several");
  expect(run_fused(context(), LinearsOp{{one.op, quantised.op}, 2}) == nullptr, "two precisions have two kernels");
  expect(run_fused(context(), LinearsOp{{one.op, more.op}, 2}) == nullptr, "other rows may want other tiles");
  expect(run_fused(context(), LinearsOp{{many.op, many.op}, 2}) == nullptr, "many rows fill the GPU one after the other");
  expect(run_fused(context(), LinearsOp{{exact, exact}, 2}) == nullptr, "float32 has no such kernel");
  finish_step();
  return "both precisions, and what is left to others";
}

// Six experts, two without rows, of `tokens` with two each.
struct Experts {
  Experts(Random& random, Precision precision, int tokens, int64_t outputs, int64_t columns)
      : tokens(tokens), outputs(outputs), columns(columns) {
    std::vector<StoredWeight> stored;
    std::vector<Weight> host;
    for (int e = 0; e < kCount; ++e) stored.emplace_back(random, dtype_of(precision), outputs, columns);
    for (const StoredWeight& w : stored) host.push_back(w.weight());
    weights = std::make_unique<DeviceWeightCopy>(host);
  }
  GroupedLinearOp op(const float* x, const int32_t* order, const int32_t* offsets, bool gather, Precision precision, float* y) const {
    return {x, weights->weights().data(), kCount, order, offsets, 2 * tokens, 2, gather, precision, y};
  }

  static constexpr int kCount = 6;
  int tokens;
  int64_t outputs, columns;
  std::unique_ptr<DeviceWeightCopy> weights;
};

struct Slots {
  explicit Slots(Random& random, int tokens) : order(sorted(random, tokens)), offsets(bounds) {}
  std::vector<int32_t> sorted(Random& random, int tokens) {
    const int experts[] = {0, 2, 3, 5};
    std::vector<std::vector<int32_t>> of(Experts::kCount);
    for (int pair = 0; pair < 2 * tokens; ++pair) of[experts[random.below(4)]].push_back(pair);
    std::vector<int32_t> all;
    bounds = {0};
    for (const auto& pairs : of) {
      all.insert(all.end(), pairs.begin(), pairs.end());
      bounds.push_back(static_cast<int32_t>(all.size()));
    }
    return all;
  }
  std::vector<int32_t> bounds;
  DeviceArray<int32_t> order, offsets;
};

std::string moe_linear_is_both_alone() {
  Random random(3);
  int compared = 0;
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    for (const int tokens : {1, 7, 12}) {
      const Experts experts(random, precision, tokens, 150, 130);
      const Slots slots(random, tokens);
      const OneProduct shared(random, precision, {tokens, 150, 300}, false);
      const DeviceArray<float> x(activations(random, 2 * tokens, 130)), alone(2 * tokens * 150), beside(2 * tokens * 150);
      const auto op = [&](float* y) { return experts.op(x.data(), slots.order.data(), slots.offsets.data(), false, precision, y); };
      run_op(op(alone.data()));
      const std::vector<float> expected = alone.host();
      begin_step();
      expect(run_fused(context(), MoeLinearOp{op(beside.data()), shared.op}) != nullptr, "few rows have one launch");
      finish_step();
      const std::string where = std::string(name_of(precision)) + print(", %d tokens", tokens);
      beside.check(where);
      expect_same_bits(beside.host().data(), expected.data(), static_cast<int64_t>(expected.size()), where + ", routed");
      shared.check(where + ", shared");
      compared += 3 * tokens;
    }
  }
  return print("%d rows", compared);
}

std::vector<uint8_t> operand_bytes(const float* x, int rows, int64_t columns) {
  const Operand* operand = context().operands.find({x, columns, rows, columns, Precision::kBF16}, context().step);
  expect(operand != nullptr, "a gated product left no operand");
  std::vector<uint8_t> bytes(static_cast<size_t>(rows * operand->row_bytes));
  check(cudaMemcpyAsync(bytes.data(), operand->values, bytes.size(), cudaMemcpyDeviceToHost, context().stream), "an operand");
  finish_step();
  return bytes;
}

std::string moe_gated_is_both_alone() {
  Random random(4);
  int compared = 0;
  for (const int tokens : {1, 7, 12}) {
    constexpr int64_t kWidth = 130, kRouted = 90, kShared = 200;
    const Experts gate(random, Precision::kBF16, tokens, kRouted, kWidth), up(random, Precision::kBF16, tokens, kRouted, kWidth);
    const DeviceWeightCopy shared(
        {StoredWeight(random, DType::kBF16, kShared, kWidth).weight(), StoredWeight(random, DType::kBF16, kShared, kWidth).weight()});
    const Slots slots(random, tokens);
    const DeviceArray<float> x(activations(random, tokens, kWidth)), routed_y(2 * tokens * kRouted), shared_y(tokens * kShared),
        work(2 * tokens * kShared);
    const auto routed_part = [&](const Experts& experts, float* y) {
      return experts.op(x.data(), slots.order.data(), slots.offsets.data(), true, Precision::kBF16, y);
    };
    const auto shared_part = [&](int index, float* y) {
      return LinearOp{x.data(), kWidth, shared.weight(index), nullptr, Precision::kBF16, tokens, y, kShared};
    };
    MoeGatedOp op{{routed_part(gate, routed_y.data()), routed_part(up, work.data())},
                  {shared_part(0, shared_y.data()), shared_part(1, work.data())}};
    begin_step();
    run_fused(context(), op.routed);
    run_fused(context(), op.shared);
    const std::vector<uint8_t> routed = operand_bytes(routed_y.data(), 2 * tokens, kRouted),
                               all = operand_bytes(shared_y.data(), tokens, kShared);
    begin_step();
    expect(run_fused(context(), op) != nullptr, "few rows have one launch");
    expect(operand_bytes(routed_y.data(), 2 * tokens, kRouted) == routed, print("%d tokens: the routed experts' bytes", tokens));
    expect(operand_bytes(shared_y.data(), tokens, kShared) == all, print("%d tokens: the shared experts' bytes", tokens));
    op.shared.gate.precision = Precision::kFP8;
    expect(run_fused(context(), op) == nullptr, "two precisions have two kernels");
    finish_step();
    compared += 3 * tokens;
  }
  return print("%d rows", compared);
}

const evalrun::test::Suite kSuite([] {
  add("cuda joined matmul: each product has the bits that it has alone", linears_are_each_alone);
  add("cuda joined matmul: so it has with FP8 by wgmma", [] { return with_short_sums(linears_are_each_alone); });
  add("cuda joined matmul: products of the same rows, where that is one launch", linears_as_the_engine_has_them);
  add("cuda joined matmul: routed and shared experts have the bits that they have alone", moe_linear_is_both_alone);
  add("cuda joined matmul: so have they with FP8 by wgmma", [] { return with_short_sums(moe_linear_is_both_alone); });
  add("cuda joined matmul: gated routed and shared experts have the bits that they have alone", moe_gated_is_both_alone);
});

}  // namespace
}  // namespace evalrun::cuda::test

// Gated feed-forwards in FP8: the codes and scales that the next product finds, byte for byte those of the ops in a row.
#include <utility>

#include "cuda/linear_operand.h"
#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

constexpr Precision kFP8 = Precision::kFP8;

// Codes, then scales, of the operand that the running step has of this matrix, and without which `made` fails.
std::vector<uint8_t> operand_bytes(const float* x, int rows, int64_t columns, bool made) {
  const OperandKey key{x, columns, rows, columns, kFP8};
  if (made) expect(context().operands.find(key, context().step) != nullptr, "a gated feed-forward left no operand");
  const Operand operand = linear_operand(context(), key);
  std::vector<uint8_t> bytes(static_cast<size_t>(rows * (operand.row_bytes + operand.scale_columns * 4)));
  check(cudaMemcpyAsync(bytes.data(), operand.values, bytes.size(), cudaMemcpyDeviceToHost, context().stream), "an operand");
  finish_step();
  return bytes;
}

// Ends in a step of its own.
std::vector<uint8_t> in_a_row(const GatedLinearOp& op) {
  run_op(op.gate);
  run_op(op.up);
  run_op(GatedActOp{op.gate.y, op.up.y, op.gate.rows, static_cast<int>(op.gate.weight.rows), op.gate.y});
  begin_step();
  return operand_bytes(op.gate.y, op.gate.rows, op.gate.weight.rows, false);
}
std::vector<uint8_t> in_a_row(const GroupedGatedLinearOp& op) {
  const int columns = static_cast<int>(op.gate.weights[0].rows);
  run_op(op.gate);
  run_op(op.up);
  run_op(GatedActOp{op.gate.y, op.up.y, op.gate.slots, columns, op.gate.y});
  begin_step();
  return operand_bytes(op.gate.y, op.gate.slots, columns, false);
}

// Six experts, of which three have rows.
struct Routed {
  Routed(Random& random, int tokens, int64_t outputs, int64_t columns)
      : tokens(tokens),
        outputs(outputs),
        x(activations(random, tokens, columns)),
        gate_y(2 * tokens * outputs),
        up_y(2 * tokens * outputs),
        order(pairs_by_expert(tokens)),
        offsets(std::vector<int32_t>{0, tokens, tokens, tokens, 2 * tokens - 1, 2 * tokens - 1, 2 * tokens}) {
    std::vector<StoredWeight> stored;
    std::vector<Weight> host[2];
    for (int e = 0; e < 2 * kExperts; ++e) stored.emplace_back(random, DType::kF8E4M3, outputs, columns);
    for (int e = 0; e < 2 * kExperts; ++e) host[e / kExperts].push_back(stored[e].weight());
    gate = std::make_unique<DeviceWeightCopy>(host[0]);
    up = std::make_unique<DeviceWeightCopy>(host[1]);
  }
  // Even pairs, then odd ones.
  static std::vector<int32_t> pairs_by_expert(int tokens) {
    std::vector<int32_t> pairs;
    for (int first : {0, 1}) {
      for (int token = 0; token < tokens; ++token) pairs.push_back(2 * token + first);
    }
    return pairs;
  }
  GroupedGatedLinearOp op() const {
    const auto part = [&](const DeviceWeightCopy& weights, float* y) {
      return GroupedLinearOp{x.data(), weights.weights().data(), kExperts, order.data(), offsets.data(), 2 * tokens, 2, true, kFP8, y};
    };
    return {part(*gate, gate_y.data()), part(*up, up_y.data())};
  }

  static constexpr int kExperts = 6;
  int tokens;
  int64_t outputs;
  DeviceArray<float> x, gate_y, up_y;
  DeviceArray<int32_t> order, offsets;
  std::unique_ptr<DeviceWeightCopy> gate, up;
};

struct Dense {
  Dense(Random& random, const ProductShape& s, bool biased)
      : shape(s),
        biased(biased),
        x(activations(random, s.rows, s.columns)),
        bias(random.normals(s.outputs)),
        gate_y(s.rows * s.outputs),
        up_y(s.rows * s.outputs),
        weights({StoredWeight(random, DType::kF8E4M3, s.outputs, s.columns).weight(),
                 StoredWeight(random, DType::kF8E4M3, s.outputs, s.columns).weight()}) {}
  GatedLinearOp op() const {
    const auto part = [&](int index, float* y) {
      return LinearOp{x.data(), shape.columns, weights.weight(index), biased ? bias.data() : nullptr, kFP8, shape.rows, y, shape.outputs};
    };
    return {part(0, gate_y.data()), part(1, up_y.data())};
  }

  ProductShape shape;
  bool biased;
  DeviceArray<float> x, bias, gate_y, up_y;
  DeviceWeightCopy weights;
};

std::string dense_equals_ops_in_a_row() {
  Random random(1);
  long compared = 0;
  for (const ProductShape& s : {ProductShape{1, 1, 1}, {17, 5, 64}, {3, 128, 100}, {130, 70, 40}, {66, 300, 257}}) {
    const Dense dense(random, s, s.rows == 3);
    const std::vector<uint8_t> expected = in_a_row(dense.op());
    begin_step();
    expect(run_fused(context(), dense.op()) != nullptr, "this has kernels");
    expect(operand_bytes(dense.gate_y.data(), s.rows, s.outputs, true) == expected, describe(kFP8, s) + ": other codes or scales");
    dense.up_y.check(describe(kFP8, s));
    compared += s.rows;
  }
  return print("%ld rows", compared);
}

std::string experts_equal_ops_in_a_row() {
  Random random(2);
  long compared = 0;
  for (const int tokens : {1, 9, 40}) {
    for (const int64_t outputs : {20, 150}) {
      const Routed routed(random, tokens, outputs, 130);
      const std::vector<uint8_t> expected = in_a_row(routed.op());
      begin_step();
      expect(run_fused(context(), routed.op()) != nullptr, "this has kernels");
      expect(operand_bytes(routed.gate_y.data(), 2 * tokens, outputs, true) == expected,
             print("%d tokens, %ld outputs: other codes or scales", tokens, static_cast<long>(outputs)));
      compared += 2 * tokens;
    }
  }
  return print("%ld rows", compared);
}

std::string both_are_each_alone() {
  Random random(3);
  for (const int tokens : {1, 9}) {
    const Routed routed(random, tokens, 150, 130);
    Dense shared(random, {tokens, 300, 130}, false);
    MoeGatedOp op{routed.op(), shared.op()};
    const std::vector<uint8_t> of_experts = in_a_row(op.routed), of_all = in_a_row(op.shared);
    op.shared.up.y = op.routed.up.y;  // as in the model
    begin_step();
    expect(run_fused(context(), op) != nullptr, "few rows have one launch");
    const std::string where = print("%d tokens", tokens);
    expect(operand_bytes(routed.gate_y.data(), 2 * tokens, 150, true) == of_experts, where + ": the routed experts' codes or scales");
    expect(operand_bytes(shared.gate_y.data(), tokens, 300, true) == of_all, where + ": the shared experts' codes or scales");
    routed.up_y.check(where);
  }
  return "one row and nine";
}

// Of the codes that this op's gate has as an operand once it has run as one product.
template <class Op>
std::vector<uint8_t> as_one_product(const Op& op, int rows, int64_t columns) {
  begin_step();
  run_gated(context(), op, MatmulTile::k128x256);
  return operand_bytes(op.gate.y, rows, columns, true);
}

std::string one_product_equals_ops_in_a_row() {
  Random random(5);
  long compared = 0;
  // Outputs of less than a group, of one, of one and a part; panels fewer and more than stages; tiles more than multiprocessors.
  for (const ProductShape& s : {ProductShape{1, 1, 1}, {17, 5, 64}, {64, 128, 100}, {65, 300, 257}, {130, 200, 1000}, {700, 400, 130}}) {
    const Dense dense(random, s, false);
    const std::vector<uint8_t> expected = in_a_row(dense.op());
    expect(as_one_product(dense.op(), s.rows, s.outputs) == expected, describe(kFP8, s) + ": other codes or scales");
    compared += s.rows;
  }
  for (const int tokens : {1, 9, 150}) {
    for (const int64_t outputs : {20, 150}) {
      const Routed routed(random, tokens, outputs, 130);
      const std::vector<uint8_t> expected = in_a_row(routed.op());
      expect(as_one_product(routed.op(), 2 * tokens, outputs) == expected,
             print("%d tokens, %ld outputs: other codes or scales", tokens, static_cast<long>(outputs)));
      compared += 2 * tokens;
    }
  }
  // What the engine takes: the product where there are many rows, and without wgmma never.
  const auto taken = [](int rows, Wgmma wgmma) {
    return leaves_codes_of_gated(choose_tile(kFP8, rows, 64, 2 * 1408, 132, wgmma), wgmma);
  };
  expect(taken(49152, Wgmma::kFp8AndLargeBf16) && taken(49152, Wgmma::kAlways), "many rows are one product");
  expect(!taken(6, Wgmma::kAlways) && !taken(49152, Wgmma::kLargeBf16) && !taken(49152, Wgmma::kNever), "others are not");
  return print("%ld rows", compared);
}

// One product reads gate's and up's experts, weights as scales, at the same distances; where they lie otherwise, there are two.
std::string other_distances_are_two_products() {
  constexpr int kTokens = 150;
  constexpr int64_t kOutputs = 128, kColumns = 130, kScales = 2, kStep = kScales + 3;  // gate's are 3 apart
  Random random(6);
  const Routed routed(random, kTokens, kOutputs, kColumns);
  GroupedGatedLinearOp op = routed.op();
  std::vector<Weight> ups = routed.up->weights();
  std::vector<float> scales(Routed::kExperts * kStep, NAN);
  for (int e = 0; e < Routed::kExperts; ++e) {
    check(cudaMemcpy(scales.data() + e * kStep, ups[e].scale, kScales * sizeof(float), cudaMemcpyDeviceToHost), "scales");
  }
  const DeviceArray<float> apart(scales);
  for (int e = 0; e < Routed::kExperts; ++e) ups[e].scale = apart.data() + e * kStep;
  const int multiprocessors = std::exchange(context().multiprocessors, 1);  // so that rows enough for the large tile are few
  const MatmulTile tile = choose_tile(kFP8, 2 * kTokens, Routed::kExperts, 2 * kOutputs, 1, context().wgmma);
  const std::vector<uint8_t> expected = in_a_row(op);
  op.up.weights = ups.data();
  begin_step();
  run_fused(context(), op);
  const bool same = operand_bytes(routed.gate_y.data(), 2 * kTokens, kOutputs, true) == expected;
  context().multiprocessors = multiprocessors;
  expect(leaves_codes_of_gated(tile, context().wgmma), "the large tile is what would be taken");
  expect(same, "scales were taken from between the experts'");
  return "scales that lie apart";
}

// Sums differ in their last bits from those by mma, and that alone: the op takes whichever kind the device is for.
std::string kinds_of_fp8_follow_the_device() {
  const int capability = context().compute_capability;
  const auto kind_of = [&](bool short_sums) { return wgmma_asked(capability, short_sums); };
  expect(fp8_by_wgmma(kind_of(true)) == (capability == 90), "short sums are those of wgmma where there is such");
  expect(!fp8_by_wgmma(kind_of(false)), "and are taken by nobody who did not ask");
  expect(kind_of(false) == (capability == 90 ? Wgmma::kLargeBf16 : Wgmma::kNever), "bf16 takes wgmma for large products");
  for (const MatmulTile tile : {MatmulTile::k64x16, MatmulTile::k64x64, MatmulTile::k128x256}) {
    expect(by_wgmma(tile, kFP8, Wgmma::kFp8AndLargeBf16), "all of FP8");
  }
  expect(!by_wgmma(MatmulTile::k16x16, Precision::kBF16, Wgmma::kFp8AndLargeBf16), "small products in bf16 stay with mma");
  return "both answers";
}

const evalrun::test::Suite kSuite([] {
  add("cuda gated fp8: one product by wgmma leaves the operand of the ops in a row",
      [] { return with_short_sums(one_product_equals_ops_in_a_row); });
  add("cuda gated fp8: by wgmma, weights that lie otherwise are two products",
      [] { return with_short_sums(other_distances_are_two_products); });
  add("cuda gated fp8: products are of the kind that the device is asked for", kinds_of_fp8_follow_the_device);
  add("cuda gated fp8: the operand of dense products is that of the ops in a row",
      [] { return with_every_kind(dense_equals_ops_in_a_row); });
  add("cuda gated fp8: the operand of experts is that of the ops in a row", [] { return with_every_kind(experts_equal_ops_in_a_row); });
  add("cuda gated fp8: routed and shared experts side by side leave what they leave alone", both_are_each_alone);
  add("cuda gated fp8: so they do by wgmma", [] { return with_short_sums(both_are_each_alone); });
});

}  // namespace
}  // namespace evalrun::cuda::test

// GroupedLinearOp in bf16 and FP8: the bits of LinearOp with each slot's expert.
#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

struct Routing {
  std::vector<int32_t> order, offsets;
};

// Pairs of rows and experts by expert: `weight_of` says how often an expert is chosen.
Routing route(Random& random, int rows, int per_token, const std::vector<int>& share) {
  int total = 0;
  for (const int s : share) total += s;
  std::vector<std::vector<int32_t>> of_expert(share.size());
  for (int pair = 0; pair < rows * per_token; ++pair) {
    int draw = random.below(total);
    size_t e = 0;
    while (draw >= share[e]) draw -= share[e++];
    of_expert[e].push_back(pair);
  }
  Routing routing{{}, {0}};
  for (const auto& list : of_expert) {
    routing.order.insert(routing.order.end(), list.begin(), list.end());
    routing.offsets.push_back(static_cast<int32_t>(routing.order.size()));
  }
  return routing;
}

struct Group {
  std::string name;
  int rows, per_token;
  std::vector<int> share;
};

std::vector<Group> groups() {
  std::vector<int> many(70, 1);
  many[0] = many[31] = many[32] = many[69] = 0;
  return {{"7 experts, some empty, one with most rows", 60, 3, {0, 1, 0, 20, 0, 5, 0}},
          {"all slots with the last of 3", 9, 1, {0, 0, 1}},
          {"1 expert", 5, 1, {1}},
          {"70 experts, more than lanes", 30, 4, many},
          {"200 experts for a token", 1, 6, std::vector<int>(200, 1)}};
}

std::string equals_linear() {
  Random random(1);
  long compared = 0;
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    for (const Group& group : groups()) {
      const int experts = static_cast<int>(group.share.size());
      const int64_t outputs = experts > 10 ? 20 : 150, columns = experts > 10 ? 130 : 200;
      std::vector<StoredWeight> stored;
      std::vector<Weight> host_weights;
      for (int e = 0; e < experts; ++e) stored.emplace_back(random, dtype_of(precision), outputs, columns);
      for (const StoredWeight& w : stored) host_weights.push_back(w.weight());
      const DeviceWeightCopy weights(host_weights);
      const Routing routing = route(random, group.rows, group.per_token, group.share);
      const int slots = static_cast<int>(routing.order.size());
      const DeviceArray<int32_t> order(routing.order), offsets(routing.offsets);
      for (const bool gather : {true, false}) {
        const std::vector<float> x = activations(random, gather ? group.rows : slots, columns);
        const DeviceArray<float> device_x(x);
        // Each expert's rows through LinearOp.
        std::vector<float> expected(slots * outputs);
        for (int e = 0; e < experts; ++e) {
          const int count = routing.offsets[e + 1] - routing.offsets[e];
          if (count == 0) continue;
          std::vector<float> rows;
          for (int slot = routing.offsets[e]; slot < routing.offsets[e + 1]; ++slot) {
            const float* row = x.data() + (gather ? routing.order[slot] / group.per_token : slot) * columns;
            rows.insert(rows.end(), row, row + columns);
          }
          const DeviceArray<float> device_rows(rows), y(count * outputs);
          run_op(
              LinearOp{device_rows.data(), columns, weights.weight(e), nullptr, precision, count, y.data(), outputs});
          const std::vector<float> result = y.host();
          std::copy(result.begin(), result.end(), expected.begin() + routing.offsets[e] * outputs);
        }
        for (int t = -1; t < static_cast<int>(tiles_of(precision).size()); ++t) {
          if (t >= 0 && experts > 10 && rows_of(tiles_of(precision)[t]) * columns_of(tiles_of(precision)[t]) > 1024) continue;
          const DeviceArray<float> y(slots * outputs);
          std::string where = std::string(name_of(precision)) + ", " + group.name + (gather ? ", gathered" : "");
          const GroupedLinearOp op{device_x.data(), weights.weights().data(), experts, order.data(), offsets.data(),
                                   slots,           group.per_token,          gather,  precision,    y.data()};
          if (t < 0) {
            run_op(op);
          } else {
            begin_step();
            run_grouped(context(), op, tiles_of(precision)[t]);
            finish_step();
            where += print(", tile %dx%d", rows_of(tiles_of(precision)[t]), columns_of(tiles_of(precision)[t]));
          }
          y.check(where);
          const std::vector<float> result = y.host();
          expect_same_bits(result.data(), expected.data(), slots * outputs, where);
          compared += slots;
        }
      }
    }
  }
  return print("%ld rows the same bits as LinearOp", compared);
}

std::string takes_no_slots() {
  const DeviceArray<int32_t> offsets(std::vector<int32_t>(4, 0));
  Random random(2);
  const StoredWeight stored(random, DType::kBF16, 8, 64);
  const DeviceWeightCopy weights(std::vector<Weight>(3, stored.weight()));
  run_op(GroupedLinearOp{nullptr, weights.weights().data(), 3, nullptr, offsets.data(), 0, 2, true, Precision::kBF16,
                         nullptr});
  return "nothing was computed";
}

const evalrun::test::Suite kSuite([] {
  add("cuda grouped matmul: gives each slot the bits of LinearOp with its expert, in every tile", [] { return with_every_kind(equals_linear); });
  add("cuda grouped matmul: takes no slots at all", takes_no_slots);
});

}  // namespace
}  // namespace evalrun::cuda::test

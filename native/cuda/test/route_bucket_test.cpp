// RouteOp and BucketOp: from logits to experts, and from experts to their slots.
#include <cmath>
#include <limits>

#include "cuda/test/harness.h"
#include "cuda/test/reference.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::print;

struct Gate {
  int experts, per_token, groups, kept_groups;
  Scoring scoring;
  GroupScore group_score;
  bool bias, normalize;
};

const Gate kGates[] = {
    {64, 6, 1, 1, Scoring::kSoftmax, GroupScore::kMax, false, false},      // DeepSeek-V2-Lite
    {160, 6, 8, 3, Scoring::kSoftmax, GroupScore::kMax, false, false},     // DeepSeek-V2
    {256, 8, 8, 4, Scoring::kSigmoid, GroupScore::kTop2Sum, true, true},   // DeepSeek-V3
    {128, 8, 1, 1, Scoring::kSoftmax, GroupScore::kMax, false, true},      // Qwen3-MoE
    {4, 4, 1, 1, Scoring::kSigmoid, GroupScore::kMax, true, true},
    {1, 1, 1, 1, Scoring::kSoftmax, GroupScore::kMax, false, true},
    {60, 4, 60, 7, Scoring::kSigmoid, GroupScore::kTop2Sum, true, false},  // a group is one expert
    {512, 40, 4, 2, Scoring::kSigmoid, GroupScore::kTop2Sum, true, true},
    {48, 12, 24, 3, Scoring::kSigmoid, GroupScore::kMax, true, true},      // more experts than the kept groups have
    {500, 10, 1, 1, Scoring::kSoftmax, GroupScore::kMax, true, false},
};

struct Routed {
  std::vector<int32_t> chosen;
  std::vector<float> weights;
};

Routed route_on_device(const Gate& g, const float* logits, const float* bias, int rows) {
  const DeviceArray<float> device_logits(std::vector<float>(logits, logits + rows * g.experts));
  const DeviceArray<float> device_bias(bias == nullptr ? std::vector<float>(1) : std::vector<float>(bias, bias + g.experts));
  const DeviceArray<int32_t> chosen(rows * g.per_token);
  const DeviceArray<float> weights(rows * g.per_token);
  run_op(RouteOp{device_logits.data(), bias == nullptr ? nullptr : device_bias.data(), g.scoring, g.group_score, g.experts,
                 g.per_token, g.groups, g.kept_groups, g.normalize, 2.5f, rows, chosen.data(), weights.data()});
  chosen.check("route's experts");
  weights.check("route's weights");
  return {chosen.host(), weights.host()};
}

// Fine logits are random; coarse ones are few numbers with many ties, which both sides score alike.
std::string route(bool coarse) {
  Random random(coarse ? 232 : 231);
  Comparison comparison;
  const int rows = 9;
  for (const Gate& g : kGates) {
    std::vector<float> logits = random.normals(rows * g.experts), bias = random.normals(g.experts);
    for (float& value : logits) value = coarse ? std::round(value) : value * 3;
    for (float& value : bias) value = coarse ? std::round(value) * 0.5f - 1 : value;
    for (int e = 0; e < g.experts; ++e) logits[2 * g.experts + e] = -100;
    for (int e = 0; e < g.experts; ++e) logits[3 * g.experts + e] = 0;
    logits[4 * g.experts] = -std::numeric_limits<float>::infinity();
    const float* used_bias = g.bias ? bias.data() : nullptr;
    const Routed actual = route_on_device(g, logits.data(), used_bias, rows);
    Routed expected{std::vector<int32_t>(rows * g.per_token), std::vector<float>(rows * g.per_token)};
    run_reference(RouteOp{logits.data(), used_bias, g.scoring, g.group_score, g.experts, g.per_token, g.groups, g.kept_groups,
                          g.normalize, 2.5f, rows, expected.chosen.data(), expected.weights.data()});
    for (int i = 0; i < rows * g.per_token; ++i) {
      const std::string where =
          print("%d of %d experts, row %d, place %d", g.per_token, g.experts, i / g.per_token, i % g.per_token);
      expect(actual.chosen[i] == expected.chosen[i], where + print(": expert %d, not %d", actual.chosen[i], expected.chosen[i]));
      // Of expf two units in the last place; of the sum over up to 512 experts one rounding each in the reference.
      const double error = 0x1p-24 * (12 + (g.scoring == Scoring::kSoftmax ? g.experts : 0) + g.per_token);
      comparison.add(actual.weights[i], expected.weights[i], error * std::fabs(expected.weights[i]) + 1e-36, [&] { return where; });
    }
    for (int r : {0, 8}) {
      const Routed alone = route_on_device(g, logits.data() + r * g.experts, used_bias, 1);
      expect_same_bits(alone.weights.data(), actual.weights.data() + r * g.per_token, g.per_token, "a row alone");
      for (int k = 0; k < g.per_token; ++k) {
        expect(alone.chosen[k] == actual.chosen[r * g.per_token + k], "a row alone chose other experts");
      }
    }
  }
  return comparison.summary();
}

std::string bucket() {
  Random random(233);
  int64_t sorted = 0;
  struct Shape {
    int rows, per_token, experts;
  };
  for (const Shape& s : {Shape{0, 6, 64}, {1, 1, 1}, {1, 6, 64}, {31, 1, 3}, {64, 6, 64}, {341, 6, 64}, {342, 6, 64},
                         {700, 8, 256}, {2000, 8, 511}, {1500, 6, 512}, {4100, 2, 2}}) {
    const int pairs = s.rows * s.per_token;
    std::vector<int32_t> chosen(pairs);
    for (int r = 0; r < s.rows; ++r) {
      // Skewed: low experts are popular, and some stay empty. Distinct within a row.
      const int first = random.below(random.below(s.experts) + 1);
      for (int k = 0; k < s.per_token; ++k) chosen[r * s.per_token + k] = (first + k * 7) % s.experts;
    }
    std::vector<int32_t> order(pairs), offsets(s.experts + 1), slot_of(pairs);
    run_reference(BucketOp{chosen.data(), s.rows, s.per_token, s.experts, order.data(), offsets.data(), slot_of.data()});
    const DeviceArray<int32_t> device_chosen(chosen), device_order(pairs), device_offsets(s.experts + 1), device_slots(pairs);
    run_op(BucketOp{device_chosen.data(), s.rows, s.per_token, s.experts, device_order.data(), device_offsets.data(),
                    device_slots.data()});
    const std::string where = print("%d x %d pairs, %d experts", s.rows, s.per_token, s.experts);
    device_order.check(where);
    device_offsets.check(where);
    device_slots.check(where);
    expect(device_offsets.host() == offsets, where + ": other offsets");
    expect(device_order.host() == order, where + ": another order");
    expect(device_slots.host() == slot_of, where + ": other slots");
    sorted += pairs;
  }
  return print("%ld pairs in the reference's order", static_cast<long>(sorted));
}

// In one kernel, against the two in a row.
std::string route_bucket() {
  Random random(234);
  int fused = 0;
  for (const Gate& g : kGates) {
    for (const int rows : {1, 2, 9, 16, 17}) {
      const int pairs = rows * g.per_token;
      const DeviceArray<float> logits(random.normals(rows * g.experts)), bias(random.normals(g.experts));
      const DeviceArray<float> weights(pairs), weights_in_one(pairs);
      const DeviceArray<int32_t> chosen(pairs), chosen_in_one(pairs), order(pairs), order_in_one(pairs), slot_of(pairs), slot_of_in_one(pairs),
          offsets(g.experts + 1), offsets_in_one(g.experts + 1);
      const auto op = [&](const DeviceArray<int32_t>& chosen, const DeviceArray<float>& weights, const DeviceArray<int32_t>& order,
                          const DeviceArray<int32_t>& offsets, const DeviceArray<int32_t>& slot_of) {
        return RouteBucketOp{{logits.data(), g.bias ? bias.data() : nullptr, g.scoring, g.group_score, g.experts, g.per_token, g.groups,
                              g.kept_groups, g.normalize, 2.5f, rows, chosen.data(), weights.data()},
                             {chosen.data(), rows, g.per_token, g.experts, order.data(), offsets.data(), slot_of.data()}};
      };
      const RouteBucketOp two = op(chosen, weights, order, offsets, slot_of);
      run_op(two.route);
      run_op(two.bucket);
      begin_step();
      const char* name = run_fused(context(), op(chosen_in_one, weights_in_one, order_in_one, offsets_in_one, slot_of_in_one));
      finish_step();
      const std::string where = print("%d of %d experts, %d rows", g.per_token, g.experts, rows);
      expect((name != nullptr) == (rows <= 16), where + (name != nullptr ? ": has one kernel" : ": has no kernel of its own"));
      if (name == nullptr) continue;
      weights_in_one.check(where);
      slot_of_in_one.check(where);
      expect_same_bits(weights_in_one.host().data(), weights.host().data(), pairs, where);
      expect(chosen_in_one.host() == chosen.host(), where + ": other experts");
      expect(order_in_one.host() == order.host(), where + ": another order");
      expect(offsets_in_one.host() == offsets.host(), where + ": other offsets");
      expect(slot_of_in_one.host() == slot_of.host(), where + ": other slots");
      ++fused;
    }
  }
  bool refused = false;
  try {
    RouteBucketOp other{};
    other.route.rows = 1;
    run_fused(context(), other);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "what is not chosen was sorted");
  return print("%d steps in one kernel", fused);
}

const evalrun::test::Suite kSuite([] {
  add("cuda route chooses and weighs the reference's experts", [] { return route(false); });
  add("cuda route gives ties to the lower expert", [] { return route(true); });
  add("cuda bucket sorts pairs stably", bucket);
  add("cuda route_bucket is a route and a bucket, in one where a block can", route_bucket);
});

}  // namespace
}  // namespace evalrun::cuda::test

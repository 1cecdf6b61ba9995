// RouteOp: a truth table of DeepSeekMoE gates, worked out by hand from the contract in ops.h.
#include <cmath>
#include <vector>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

float logit(double probability) { return static_cast<float>(std::log(probability / (1 - probability))); }

struct Gate {
  Scoring scoring;
  GroupScore group_score;
  int per_token, groups, kept_groups;
  bool normalize;
  float scale;
};

struct Row {
  const char* what;
  Gate gate;
  std::vector<float> logits, bias;
  std::vector<int32_t> chosen;
  std::vector<float> weights;
};

const Gate kPlain{Scoring::kSigmoid, GroupScore::kMax, 2, 1, 1, false, 1};
const Gate kGrouped{Scoring::kSigmoid, GroupScore::kTop2Sum, 2, 2, 1, false, 1};

std::vector<Row> truth_table() {
  const float half = 0.5f;
  return {
      {"the largest come first", kPlain, {logit(.2), logit(.8), logit(.6), logit(.4)}, {}, {1, 2}, {.8f, .6f}},
      {"ties go to the lower expert", kPlain, {0, 0, 0, 0}, {}, {0, 1}, {half, half}},
      {"a bias chooses but does not weigh",
       kPlain,
       {logit(.2), logit(.8), logit(.6), logit(.4)},
       {1, 0, 0, 0},
       {0, 1},
       {.2f, .8f}},
      // (s + b) - b would lose s = 1e-6 entirely beside b = 1e4.
      {"a huge bias leaves the weight exact",
       kPlain,
       {logit(1e-6), logit(.9), logit(.3), logit(.4)},
       {1e4f, 0, 0, 0},
       {0, 1},
       {1e-6f, .9f}},
      {"weights are normalised, then scaled",
       {Scoring::kSigmoid, GroupScore::kMax, 2, 1, 1, true, 2.5f},
       {logit(.2), logit(.6), logit(.3), logit(.1)},
       {},
       {1, 2},
       {2.5f * .6f / .9f, 2.5f * .3f / .9f}},
      {"weights of softmax are not normalised unless asked",
       {Scoring::kSoftmax, GroupScore::kMax, 2, 1, 1, false, 16},
       {std::log(1.0f), std::log(4.0f), std::log(2.0f), std::log(3.0f)},
       {},
       {1, 3},
       {16 * .4f, 16 * .3f}},
      // Group 0 holds .9 + .1, group 1 holds .6 + .5.
      {"a group counts by the sum of its two best",
       kGrouped,
       {logit(.9), logit(.1), logit(.6), logit(.5)},
       {},
       {2, 3},
       {.6f, .5f}},
      {"a group counts by its best",
       {Scoring::kSigmoid, GroupScore::kMax, 2, 2, 1, false, 1},
       {logit(.9), logit(.1), logit(.6), logit(.5)},
       {},
       {0, 1},
       {.9f, .1f}},
      {"equal groups: the lower one", kGrouped, {logit(.6), logit(.5), logit(.6), logit(.5)}, {}, {0, 1}, {.6f, .5f}},
      // Filling the masked group with 0 instead of -inf would choose its experts over -.1 and -.6.
      {"a masked group loses to negative scores",
       kGrouped,
       {logit(.9), logit(.4), logit(.8), logit(.3)},
       {-1, -1, -2, -2},
       {0, 1},
       {.9f, .4f}},
      {"the bias counts in the groups' scores",
       kGrouped,
       {logit(.9), logit(.8), logit(.1), logit(.2)},
       {0, 0, 2, 0},
       {2, 3},
       {.1f, .2f}},
      {"a group of one expert counts by it",
       {Scoring::kSigmoid, GroupScore::kTop2Sum, 2, 4, 2, false, 1},
       {logit(.2), logit(.8), logit(.6), logit(.4)},
       {},
       {1, 2},
       {.8f, .6f}},
      {"as many as there are",
       {Scoring::kSigmoid, GroupScore::kMax, 4, 1, 1, false, 1},
       {logit(.2), logit(.8), logit(.6), logit(.4)},
       {},
       {1, 2, 3, 0},
       {.8f, .6f, .4f, .2f}},
      {"very negative logits give small weights, not NaN",
       {Scoring::kSigmoid, GroupScore::kMax, 2, 1, 1, true, 1},
       {-100, -100, -100, -100},
       {},
       {0, 1},
       {0, 0}},
  };
}

std::string follows_truth_table(const Kernel<RouteOp>& kernel) {
  int rows = 0;
  for (const Row& row : truth_table()) {
    const Gate& g = row.gate;
    std::vector<int32_t> chosen(g.per_token, -1);
    std::vector<float> weights(g.per_token, NAN);
    const RouteOp op{row.logits.data(),
                     row.bias.empty() ? nullptr : row.bias.data(),
                     g.scoring,
                     g.group_score,
                     static_cast<int>(row.logits.size()),
                     g.per_token,
                     g.groups,
                     g.kept_groups,
                     g.normalize,
                     g.scale,
                     1,
                     chosen.data(),
                     weights.data()};
    if (!kernel.accepts(op, cpu_features())) continue;
    kernel.run(op, pool(1));
    for (int k = 0; k < g.per_token; ++k) {
      expect(chosen[k] == row.chosen[k],
             print("%s: place %d went to expert %d, not %d", row.what, k, chosen[k], row.chosen[k]));
      expect(std::fabs(weights[k] - row.weights[k]) <= 3e-6f * std::fabs(row.weights[k]) + 1e-20f,
             print("%s: weight %d is %.9g, not %.9g", row.what, k, weights[k], row.weights[k]));
    }
    ++rows;
  }
  return print("%d rows of the table", rows);
}

const Suite kSuite([] {
  add_for_each_kernel<RouteOp>("follows the truth table of gates", Reference::kIncluded, follows_truth_table);
});

}  // namespace
}  // namespace evalrun::test

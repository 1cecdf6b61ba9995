// Reference kernel of RouteOp: the DeepSeekMoE gate in float32.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/registry.h"

namespace evalrun {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

std::vector<float> scores_of(const RouteOp& op, const float* logits) {
  std::vector<float> scores(op.experts);
  if (op.scoring == Scoring::kSigmoid) {
    for (int e = 0; e < op.experts; ++e) scores[e] = 1.0f / (1.0f + std::exp(-logits[e]));
    return scores;
  }
  const float largest = *std::max_element(logits, logits + op.experts);
  float total = 0;
  for (int e = 0; e < op.experts; ++e) total += scores[e] = std::exp(logits[e] - largest);
  for (float& score : scores) score /= total;
  return scores;
}

// Indices of the `count` largest values in descending order, the lower index first among equals.
std::vector<int> top(const std::vector<float>& values, int count) {
  std::vector<int> indices(values.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int>(i);
  std::partial_sort(indices.begin(), indices.begin() + count, indices.end(), [&](int a, int b) {
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  });
  indices.resize(count);
  return indices;
}

float group_score(const RouteOp& op, const float* biased, int size) {
  float best = kMasked;
  float second = kMasked;
  for (int e = 0; e < size; ++e) {
    if (biased[e] > best) {
      second = best;
      best = biased[e];
    } else if (biased[e] > second) {
      second = biased[e];
    }
  }
  return op.group_score == GroupScore::kMax || size == 1 ? best : best + second;
}

// A group that is not kept can never be chosen, however negative the others' biased scores are: -inf, not 0.
void mask_groups(const RouteOp& op, std::vector<float>& biased) {
  const int size = op.experts / op.groups;
  std::vector<float> group_scores(op.groups);
  for (int g = 0; g < op.groups; ++g) group_scores[g] = group_score(op, biased.data() + g * size, size);
  std::vector<bool> kept(op.groups, false);
  for (int g : top(group_scores, op.groups_per_token)) kept[g] = true;
  for (int e = 0; e < op.experts; ++e) {
    if (!kept[e / size]) biased[e] = kMasked;
  }
}

void route_row(const RouteOp& op, int64_t row) {
  const std::vector<float> scores = scores_of(op, op.logits + row * op.experts);
  std::vector<float> biased = scores;
  if (op.bias != nullptr) {
    for (int e = 0; e < op.experts; ++e) biased[e] += op.bias[e];
  }
  if (op.groups > 1) mask_groups(op, biased);
  const std::vector<int> chosen = top(biased, op.experts_per_token);
  float total = 0;
  for (int expert : chosen) total += scores[expert];
  for (int k = 0; k < op.experts_per_token; ++k) {
    const float weight = op.normalize ? scores[chosen[k]] / (total + 1e-20f) : scores[chosen[k]];
    op.chosen[row * op.experts_per_token + k] = chosen[k];
    op.weights[row * op.experts_per_token + k] = weight * op.scale;
  }
}

void route(const RouteOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) { route_row(op, row); });
}

const Register<RouteOp> kRoute({"route/reference", 0, accepts_all<RouteOp>, route});

}  // namespace
}  // namespace evalrun

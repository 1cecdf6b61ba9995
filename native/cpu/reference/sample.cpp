// Reference kernel of SampleOp.
#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/registry.h"
#include "ops/uniform.h"

namespace evalrun {
namespace {

struct Candidate {
  float logit;
  int32_t id;
};

bool more_probable(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; }

int32_t greedy(const float* logits, int vocab) {
  int32_t best = 0;
  for (int v = 1; v < vocab; ++v) {
    if (logits[v] > logits[best]) best = v;
  }
  return best;
}

int32_t sample(const float* logits, int vocab, const SampleParams& params) {
  if (!(params.temperature > 0)) return greedy(logits, vocab);
  std::vector<Candidate> candidates(vocab);
  // No order holds among NaN, and std::sort needs one.
  for (int v = 0; v < vocab; ++v) candidates[v] = {std::isnan(logits[v]) ? -INFINITY : logits[v], v};
  const size_t keep = params.top_k > 0 ? std::min(params.top_k, vocab) : vocab;
  if (keep < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + keep, candidates.end(), more_probable);
    candidates.resize(keep);
  }
  std::sort(candidates.begin(), candidates.end(), more_probable);

  std::vector<double> weights(keep);
  double total = 0;
  for (size_t i = 0; i < keep; ++i) {
    weights[i] = std::exp((static_cast<double>(candidates[i].logit) - candidates[0].logit) / params.temperature);
    total += weights[i];
  }
  size_t kept = keep;
  double sum = 0;
  if (params.top_p < 1) {
    for (kept = 0; kept < keep && (kept == 0 || sum < params.top_p * total); ++kept) sum += weights[kept];
  }
  while (kept > 1 && weights[kept - 1] < params.min_p * weights[0]) --kept;

  double mass = 0;
  for (size_t i = 0; i < kept; ++i) mass += weights[i];
  const double target = sample_uniform(params.key, params.position) * mass;
  double cumulative = 0;
  for (size_t i = 0; i + 1 < kept; ++i) {
    cumulative += weights[i];
    if (cumulative > target) return candidates[i].id;
  }
  return candidates[kept - 1].id;
}

void sample_rows(const SampleOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    op.out[row] = sample(op.logits + row * op.vocab, op.vocab, op.params[row]);
  });
}

const Register<SampleOp> kSample({"sample/reference", 0, accepts_all<SampleOp>, sample_rows});

}  // namespace
}  // namespace evalrun

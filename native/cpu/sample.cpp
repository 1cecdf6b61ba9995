// SampleOp as the reference computes it, token for token, without sorting what cannot be drawn: the order is the same, and so are the
// sums, to the bit.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "ops/numeric.h"
#include "ops/registry.h"
#include "ops/uniform.h"

namespace evalrun {
namespace {

// A candidate as one number: most probable first, equal ones by their ids.
uint64_t candidate_of(float logit, int id) {
  const uint32_t bits = float_to_bits(logit + 0.0f);  // -0 is 0
  const uint32_t ascending = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(~ascending) << 32 | static_cast<uint32_t>(id);
}
int32_t id_of(uint64_t candidate) { return static_cast<int32_t>(candidate); }
float logit_of(uint64_t candidate) {
  const uint32_t ascending = ~static_cast<uint32_t>(candidate >> 32);
  return bits_to_float((ascending & 0x80000000u) != 0 ? ascending & 0x7fffffffu : ~ascending);
}

// Memory of a thread, kept from row to row: that of a vocabulary is a megabyte and more.
struct Workspace {
  std::vector<uint64_t> candidates, other;
  std::vector<double> weights;
};

// Ids ascend already, so a stable sort by logits alone is one by candidates.
void sort_candidates(Workspace& memory) {
  constexpr int kDigitBits = 11, kDigits = 3;
  constexpr size_t kValues = size_t{1} << kDigitBits;
  std::vector<uint64_t>& candidates = memory.candidates;
  if (candidates.size() < 2 * kValues) return std::sort(candidates.begin(), candidates.end());
  const auto digit_of = [](uint64_t candidate, int digit) { return candidate >> (32 + digit * kDigitBits) & (kValues - 1); };
  std::array<std::array<uint32_t, kValues>, kDigits> places{};
  for (const uint64_t candidate : candidates) {
    for (int digit = 0; digit < kDigits; ++digit) ++places[digit][digit_of(candidate, digit)];
  }
  memory.other.resize(candidates.size());
  for (int digit = 0; digit < kDigits; ++digit) {
    uint32_t place = 0;
    for (uint32_t& entry : places[digit]) place += std::exchange(entry, place);
    for (const uint64_t candidate : candidates) memory.other[places[digit][digit_of(candidate, digit)]++] = candidate;
    candidates.swap(memory.other);
  }
}

// Into memory.candidates, by their ids, all but those whose weight is below 2^-54 of the largest. In descending order they come last,
// and adding one of them to a sum that has the largest in it changes no bit: nothing is drawn otherwise.
void collect(const float* logits, int vocab, double temperature, Workspace& memory) {
  float most = -INFINITY;
  for (int v = 0; v < vocab; ++v) most = logits[v] > most ? logits[v] : most;
  // exp(-38) is 0.57 of 2^-54, more than what rounding takes. Where the largest is infinite, weights are no numbers.
  const double least = std::isinf(most) ? -INFINITY : most - 38 * temperature;
  memory.candidates.resize(static_cast<size_t>(vocab));
  size_t count = 0;
  for (int v = 0; v < vocab; ++v) {
    const float logit = std::isnan(logits[v]) ? -INFINITY : logits[v];
    memory.candidates[count] = candidate_of(logit, v);
    count += logit >= least ? 1 : 0;
  }
  memory.candidates.resize(count);
}

int32_t sample(const float* logits, int vocab, const SampleParams& params, Workspace& memory) {
  if (!(params.temperature > 0)) return static_cast<int32_t>(std::max_element(logits, logits + vocab) - logits);
  collect(logits, vocab, params.temperature, memory);
  std::vector<uint64_t>& candidates = memory.candidates;
  if (params.top_k > 0 && static_cast<size_t>(params.top_k) < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + params.top_k, candidates.end());
    candidates.resize(static_cast<size_t>(params.top_k));
    std::sort(candidates.begin(), candidates.end());
  } else {
    sort_candidates(memory);
  }
  const size_t count = candidates.size();
  std::vector<double>& weights = memory.weights;
  weights.resize(count);
  const double most = logit_of(candidates[0]);
  double total = 0;
  for (size_t i = 0; i < count; ++i) {
    weights[i] = std::exp((logit_of(candidates[i]) - most) / params.temperature);
    total += weights[i];
  }
  size_t kept = count;
  double mass = total;
  if (params.top_p < 1) {
    mass = 0;
    for (kept = 0; kept < count && (kept == 0 || mass < params.top_p * total); ++kept) mass += weights[kept];
  }
  if (kept > 1 && weights[kept - 1] < params.min_p * weights[0]) {
    while (kept > 1 && weights[kept - 1] < params.min_p * weights[0]) --kept;
    mass = 0;
    for (size_t i = 0; i < kept; ++i) mass += weights[i];
  }
  const double target = sample_uniform(params.key, params.position) * mass;
  double cumulative = 0;
  for (size_t i = 0; i + 1 < kept; ++i) {
    cumulative += weights[i];
    if (cumulative > target) return id_of(candidates[i]);
  }
  return id_of(candidates[kept - 1]);
}

void sample_rows(const SampleOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    static thread_local Workspace memory;
    op.out[row] = sample(op.logits + row * op.vocab, op.vocab, op.params[row], memory);
  });
}

const Register<SampleOp> kSample({"sample/radix", 1, accepts_all<SampleOp>, sample_rows});

}  // namespace
}  // namespace evalrun

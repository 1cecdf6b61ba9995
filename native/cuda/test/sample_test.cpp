// SampleOp: every row's token must be the reference's.
#include <cmath>
#include <limits>

#include "cuda/test/harness.h"
#include "cuda/test/reference.h"
#include "ops/uniform.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::print;

struct Rows {
  int vocab;
  std::vector<float> logits;
  std::vector<SampleParams> params;

  int count() const { return static_cast<int>(params.size()); }
};

void expect_reference_tokens(const Rows& rows, const std::string& what) {
  std::vector<int32_t> expected(rows.count());
  run_reference(SampleOp{rows.logits.data(), rows.count(), rows.vocab, rows.params.data(), expected.data()});
  const DeviceArray<float> logits(rows.logits);
  const DeviceArray<SampleParams> params(rows.params);
  const DeviceArray<int32_t> out(rows.count());
  run_op(SampleOp{logits.data(), rows.count(), rows.vocab, params.data(), out.data()});
  out.check("sampled tokens");
  const std::vector<int32_t> drawn = out.host();
  for (int r = 0; r < rows.count(); ++r) {
    const SampleParams& p = rows.params[r];
    expect(drawn[r] == expected[r],
           print("%s, row %d: token %d, not %d (temperature %g, top_p %g, min_p %g, top_k %d, V %d)", what.c_str(), r, drawn[r],
                 expected[r], p.temperature, p.top_p, p.min_p, p.top_k, rows.vocab));
  }
}

// Settings as people use them, and at their limits.
const SampleParams kSettings[] = {
    {0, 1, 0, 0, 0, 0},        {1, 1, 0, 0, 0, 0},        {0.6f, 0.95f, 0, 0, 0, 0}, {1, 1, 0, 50, 0, 0},
    {0.7f, 0.8f, 0, 20, 0, 0}, {1.5f, 1, 0.05f, 0, 0, 0}, {1, 0.9f, 0.1f, 40, 0, 0}, {1, 0.999999f, 0, 0, 0, 0},
    {1, 0, 0, 0, 0, 0},        {1, 1, 1, 0, 0, 0},        {1, 1, 2, 0, 0, 0},        {1, 1, 0, 1, 0, 0},
    {1e-3f, 1, 0, 0, 0, 0},    {100, 0.5f, 0, 0, 0, 0},   {1, 1, 0, 1 << 30, 0, 0},  {2, 0.97f, 0.001f, 0, 0, 0},
};

// Every setting, `draws` times, over logits of the given spread; `step` > 0 rounds them to its multiples, which makes ties.
Rows make_rows(uint64_t seed, int vocab, int draws, float spread, float step) {
  Random random(seed);
  Rows rows{vocab, {}, {}};
  for (const SampleParams& setting : kSettings) {
    for (int d = 0; d < draws; ++d) {
      SampleParams params = setting;
      params.key = (static_cast<uint64_t>(random.bits()) << 32) | random.bits();
      params.position = static_cast<uint32_t>(random.below(5000));
      rows.params.push_back(params);
      for (int v = 0; v < vocab; ++v) {
        const float logit = random.normal() * spread;
        rows.logits.push_back(step > 0 ? std::round(logit / step) * step : logit);
      }
    }
  }
  return rows;
}

std::string draws_like_the_reference() {
  int drawn = 0;
  for (const auto& [vocab, draws] : {std::pair{1, 1}, {2, 2}, {33, 2}, {1000, 1}, {5003, 1}}) {
    for (const auto& [spread, step] : {std::pair{3.0f, 0.0f}, {1.0f, 0.5f}, {0.0f, 0.0f}}) {
      const Rows rows = make_rows(240 + vocab, vocab, draws, spread, step);
      expect_reference_tokens(rows, print("spread %g, step %g", spread, step));
      drawn += rows.count();
    }
  }
  return print("%d rows, the same tokens", drawn);
}

// A distribution so flat that more candidates than shared memory holds have to be sorted: u near 1 reaches far down.
std::string sorts_a_large_flat_vocabulary() {
  Rows rows = make_rows(250, 200000, 0, 0, 0);
  Random random(251);
  for (const SampleParams& setting : {SampleParams{1, 1, 0, 0, 0, 0}, SampleParams{1, 0.9f, 0, 0, 0, 0},
                                      SampleParams{1, 1, 0, 30000, 0, 0}, SampleParams{0.5f, 0.95f, 0, 0, 0, 0}}) {
    rows.params.push_back(setting);
    rows.params.back().key = random.bits();
    const float spread = rows.params.size() == 4 ? 3.0f : 0.1f;
    for (int v = 0; v < rows.vocab; ++v) rows.logits.push_back(random.normal() * spread);
  }
  expect_reference_tokens(rows, "flat");
  return "4 rows of 200,000 tokens";
}

// The key with which sample_uniform(key, 0) is `share`: splitmix64's finaliser, backwards.
uint64_t key_of(double share) {
  uint64_t z = static_cast<uint64_t>(share * 0x1p53) << 11;
  z = (z ^ (z >> 31) ^ (z >> 62)) * 0x319642b2d24d8ec3ull;
  z = (z ^ (z >> 27) ^ (z >> 54)) * 0x96de1b173f119089ull;
  z = z ^ (z >> 30) ^ (z >> 60);
  const uint64_t key = z - 0x9e3779b97f4a7c15ull;
  expect(sample_uniform(key, 0) == share, "key_of does not invert sample_uniform");
  return key;
}

// Chosen random numbers: 0, close to 1, and such that a cumulative sum is just the target, which it then does not exceed.
std::string draws_at_chosen_shares() {
  int drawn = 0;
  for (const auto& [vocab, spread] : {std::pair{4, 0.0f}, {4, 1.0f}, {3000, 0.0f}, {3000, 2.0f}}) {
    Random random(255);
    Rows rows{vocab, {}, {}};
    for (double share : {0.0, 0x1p-53, 0.25, 0.5, 0.75, 1 - 0x1p-20, 1 - 0x1p-30}) {
      for (const SampleParams& setting : {SampleParams{1, 1, 0, 0, 0, 0}, SampleParams{1, 0.75f, 0, 0, 0, 0},
                                          SampleParams{1, 1, 0, 3, 0, 0}, SampleParams{1, 0.5f, 0.2f, 0, 0, 0}}) {
        rows.params.push_back(setting);
        rows.params.back().key = key_of(share);
        for (int v = 0; v < vocab; ++v) rows.logits.push_back(random.normal() * spread);
      }
    }
    expect_reference_tokens(rows, print("spread %g", spread));
    drawn += rows.count();
  }
  return print("%d rows", drawn);
}

std::string survives_extremes() {
  const float inf = std::numeric_limits<float>::infinity();
  Rows rows{6, {}, {}};
  const auto row = [&](const SampleParams& params, std::vector<float> logits) {
    for (uint32_t position = 0; position < 2; ++position) {
      rows.params.push_back(params);
      rows.params.back().position = position;
      rows.logits.insert(rows.logits.end(), logits.begin(), logits.end());
    }
  };
  for (const SampleParams& params : kSettings) {
    row(params, {1, NAN, 2, -inf, 2, 0});
    row(params, {-0.0f, 0.0f, -0.0f, 0.0f, -1, -2});
    row(params, {-inf, -inf, 3, -inf, -inf, -inf});
    row(params, {3e38f, -3e38f, 0, 1, 3e38f, 2});
    row(params, {-3e38f, -3e38f, -3e38f, -3.1e38f, -inf, -inf});
  }
  expect_reference_tokens(rows, "extremes");

  // Without a finite largest logit there are no probabilities: as if greedy.
  Rows hopeless{3, {-inf, -inf, NAN, 1, inf, 2}, {{1, 1, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0}}};
  const DeviceArray<float> logits(hopeless.logits);
  const DeviceArray<SampleParams> params(hopeless.params);
  const DeviceArray<int32_t> out(2);
  run_op(SampleOp{logits.data(), 2, 3, params.data(), out.data()});
  expect(out.host()[0] == 0 && out.host()[1] == 1, "rows without a finite largest logit give their first best token");
  return print("%d rows", rows.count());
}

std::string draws_alone_as_in_a_batch() {
  const Rows rows = make_rows(260, 700, 1, 2, 0);
  const DeviceArray<float> logits(rows.logits);
  const DeviceArray<SampleParams> params(rows.params);
  const DeviceArray<int32_t> out(rows.count()), alone(1);
  run_op(SampleOp{logits.data(), rows.count(), rows.vocab, params.data(), out.data()});
  for (int r : {1, 2, 15}) {
    run_op(SampleOp{logits.data() + r * rows.vocab, 1, rows.vocab, params.data() + r, alone.data()});
    expect(alone.host()[0] == out.host()[r], print("row %d alone", r));
  }
  return "3 rows";
}

const evalrun::test::Suite kSuite([] {
  add("cuda sample draws the reference's token for every setting", draws_like_the_reference);
  add("cuda sample sorts a large flat vocabulary", sorts_a_large_flat_vocabulary);
  add("cuda sample draws where a sum is just its target", draws_at_chosen_shares);
  add("cuda sample survives NaN, infinities and huge logits", survives_extremes);
  add("cuda sample draws alone as in a batch", draws_alone_as_in_a_batch);
});

}  // namespace
}  // namespace evalrun::cuda::test

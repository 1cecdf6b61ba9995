// SampleOp: every kernel draws the reference's tokens.
#include <algorithm>
#include <cmath>

#include "ops/uniform.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

const Kernel<SampleOp>& reference() { return Registry<SampleOp>::instance().all().back(); }

uint64_t key_of(Random& random) {
  const uint64_t high = random.bits();
  return high << 32 | random.bits();
}

std::vector<int32_t> drawn(const Kernel<SampleOp>& kernel, const std::vector<float>& logits, int vocab,
                           const std::vector<SampleParams>& params) {
  std::vector<int32_t> out(params.size(), -1);
  kernel.run({logits.data(), static_cast<int>(params.size()), vocab, params.data(), out.data()}, pool(2));
  return out;
}

void expect_same(const Kernel<SampleOp>& kernel, const std::vector<float>& row, const std::vector<SampleParams>& params, const char* what) {
  std::vector<float> logits;
  for (size_t i = 0; i < params.size(); ++i) logits.insert(logits.end(), row.begin(), row.end());
  const int vocab = static_cast<int>(row.size());
  const std::vector<int32_t> ours = drawn(kernel, logits, vocab, params), expected = drawn(reference(), logits, vocab, params);
  for (size_t i = 0; i < params.size(); ++i) {
    if (ours[i] == expected[i]) continue;
    const SampleParams& p = params[i];
    expect(false, print("%s: %d is drawn of %d, not %d, with temperature %g, top_p %g, min_p %g, top_k %d", what, ours[i], vocab,
                        expected[i], p.temperature, p.top_p, p.min_p, p.top_k));
  }
}

std::vector<SampleParams> all_settings(Random& random) {
  std::vector<SampleParams> params;
  uint32_t position = 0;
  for (const float temperature : {0.0f, 0.01f, 0.6f, 1.0f, 2.0f, 30.0f}) {
    for (const float top_p : {0.1f, 0.95f, 0.999999f, 1.0f}) {
      for (const float min_p : {0.0f, 1e-20f, 0.05f, 1.0f}) {
        for (const int top_k : {0, 1, 40, 3000}) params.push_back({temperature, top_p, min_p, top_k, key_of(random), position++});
      }
    }
  }
  return params;
}

std::string draws_the_tokens_of_the_reference(const Kernel<SampleOp>& kernel) {
  Random random(81);
  int rows = 0;
  for (const int vocab : {1, 2, 131, 4095, 4096, 20011}) {
    for (const float spread : {0.001f, 1.0f, 4.0f, 60.0f}) {
      std::vector<float> row = random.normals(vocab);
      for (float& value : row) value *= spread;
      std::vector<SampleParams> params = all_settings(random);
      expect_same(kernel, row, params, "normal logits");
      // Many that are equal, of which the lower ids come first.
      for (float& value : row) value = std::round(value);
      expect_same(kernel, row, params, "equal logits");
      rows += 2 * static_cast<int>(params.size());
    }
  }
  return print("%d rows", rows);
}

std::string survives_what_is_no_number(const Kernel<SampleOp>& kernel) {
  Random random(82);
  for (const int vocab : {3, 5000}) {
    const std::vector<float> normal = random.normals(vocab);
    const float cases[][2] = {{NAN, NAN},     {-INFINITY, NAN}, {INFINITY, 1},   {INFINITY, INFINITY}, {-INFINITY, -INFINITY},
                              {0.0f, -0.0f}, {3e38f, -3e38f},  {1e-45f, -1e-45f}};
    for (const auto& [odd, even] : cases) {
      std::vector<float> row = normal, whole(normal.size());
      for (int v = 0; v < vocab; ++v) {
        whole[v] = v % 2 == 0 ? even : odd;
        if (v % 7 == 0) row[v] = whole[v];
      }
      expect_same(kernel, row, all_settings(random), "some");
      expect_same(kernel, whole, all_settings(random), "all");
    }
  }
  return "NaN, infinities, zeros of both signs, the largest and the smallest";
}

// Logits from 37 to 39 below the largest, at 1/100 from each other, with the draws that are nearest to the end: what weighs less than a
// sum can hold is left out, and nothing that weighs more.
std::string leaves_out_what_cannot_be_drawn(const Kernel<SampleOp>& kernel) {
  std::vector<float> row = {0};
  for (int i = 0; i < 300; ++i) row.push_back(-36.5f - 0.01f * static_cast<float>(i));
  std::vector<SampleParams> params;
  Random random(83);
  // The keys whose numbers are closest to 1 of a million.
  std::vector<std::pair<double, uint64_t>> keys;
  for (int i = 0; i < 1000000; ++i) {
    const uint64_t key = key_of(random);
    keys.push_back({-sample_uniform(key, 0), key});
  }
  std::partial_sort(keys.begin(), keys.begin() + 200, keys.end());
  for (int i = 0; i < 200; ++i) params.push_back({1, 1, 0, 0, keys[static_cast<size_t>(i)].second, 0});
  expect_same(kernel, row, params, "near the end");
  // Ten thousand of the lightest that count, whose sum is drawn from.
  std::vector<float> many(10001, -13.0f);
  many[5000] = 0;
  expect_same(kernel, many, params, "many light ones");
  return print("numbers from %.9f on", -keys[199].first);
}

const Suite kSuite([] {
  add_for_each_kernel<SampleOp>("draws the tokens of the reference", Reference::kExcluded, draws_the_tokens_of_the_reference);
  add_for_each_kernel<SampleOp>("survives what is no number", Reference::kExcluded, survives_what_is_no_number);
  add_for_each_kernel<SampleOp>("leaves out what cannot be drawn", Reference::kExcluded, leaves_out_what_cannot_be_drawn);
});

}  // namespace
}  // namespace evalrun::test

// LogProbsOp: every kernel against the reference, against Linear bit for bit, and against itself over batches.
#include <cmath>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

struct Case {
  Precision precision;
  DType dtype;
};
const Case kCases[] = {{Precision::kF32, DType::kF32},
                       {Precision::kF32, DType::kF16},
                       {Precision::kBF16, DType::kBF16},
                       {Precision::kFP8, DType::kF8E4M3}};

struct Shape {
  int rows, asked;
  int64_t vocabulary, columns;
};
const Shape kShapes[] = {{1, 1, 1, 1},      {2, 9, 255, 33},     {3, 0, 256, 128},
                         {5, 40, 257, 129}, {131, 300, 700, 70}, {1, 700, 700, 40}};

struct Result {
  std::vector<float> out, logits;
  std::vector<int32_t> best;
};

struct Problem {
  Problem(Random& random, const Case& c, const Shape& s)
      : c(c), s(s), head(random, c.dtype, s.vocabulary, s.columns, 1), x(random.normals(s.rows * s.columns)) {
    for (int i = 0; i < s.asked; ++i) {
      ids.push_back(random.below(static_cast<int>(s.vocabulary)));
      id_rows.push_back(random.below(s.rows));
    }
  }

  LogProbsOp op(Result& result, bool keep_logits) const {
    result.out.assign(s.asked, NAN);
    result.best.assign(s.rows, -1);
    result.logits.assign(keep_logits ? s.rows * s.vocabulary : 0, NAN);
    return {x.data(),
            head.weight(),
            c.precision,
            s.rows,
            ids.data(),
            id_rows.data(),
            s.asked,
            result.out.data(),
            result.best.data(),
            keep_logits ? result.logits.data() : nullptr};
  }
  std::string describe() const {
    return print("%s, head %s, rows %d, V %ld, C %ld", name_of(c.precision), name_of(c.dtype), s.rows,
                 static_cast<long>(s.vocabulary), static_cast<long>(s.columns));
  }

  const Case c;
  const Shape s;
  const StoredWeight head;
  const std::vector<float> x;
  std::vector<int32_t> ids, id_rows;
};

std::string agrees_with_reference(const Kernel<LogProbsOp>& kernel) {
  Random random(41);
  Comparison comparison;
  const Kernel<LogProbsOp>& reference = Registry<LogProbsOp>::instance().all().back();
  for (const Case& c : kCases) {
    for (const Shape& s : kShapes) {
      const Problem problem(random, c, s);
      Result actual, expected;
      const LogProbsOp op = problem.op(actual, true);
      if (!kernel.accepts(op, cpu_features())) continue;
      kernel.run(op, pool(2));
      reference.run(problem.op(expected, true), pool(2));
      // Logits are some tens at most; their own error (linear_test) and a unit in the last place of the sum.
      for (int i = 0; i < s.asked; ++i)
        comparison.add(actual.out[i], expected.out[i], 5e-5 + 1e-6 * std::fabs(expected.out[i]),
                       [&] { return problem.describe() + print(", asked %d", i); });
      for (int r = 0; r < s.rows; ++r) {
        const float* logits = actual.logits.data() + r * s.vocabulary;
        for (int64_t v = 0; v < s.vocabulary; ++v) {
          expect(logits[v] < logits[actual.best[r]] || (logits[v] == logits[actual.best[r]] && v >= actual.best[r]),
                 problem.describe() +
                     print(", row %d: best is %d, but %ld is not below it", r, actual.best[r], static_cast<long>(v)));
        }
      }
      // Without storing the logits: the same numbers.
      Result lean;
      kernel.run(problem.op(lean, false), pool(3));
      expect_same_bits(lean.out.data(), actual.out.data(), s.asked, problem.describe() + ", without keeping logits");
      expect(lean.best == actual.best, problem.describe() + ": best differs without keeping logits");
    }
  }
  return comparison.summary();
}

std::string agrees_with_linear(const Kernel<LogProbsOp>& kernel) {
  Random random(42);
  const std::string suffix = std::string(kernel.name).substr(std::string(kernel.name).find('/'));
  long compared = 0;
  for (const Case& c : kCases) {
    const Problem problem(random, c, kShapes[4]);
    const Shape& s = problem.s;
    Result result;
    const LogProbsOp op = problem.op(result, true);
    if (!kernel.accepts(op, cpu_features())) continue;
    kernel.run(op, pool(2));
    for (const auto& linear : Registry<LinearOp>::instance().all()) {
      if (linear.name != "linear" + suffix) continue;
      std::vector<float> y(s.rows * s.vocabulary);
      linear.run(
          {problem.x.data(), s.columns, problem.head.weight(), nullptr, c.precision, s.rows, y.data(), s.vocabulary},
          pool(2));
      expect_same_bits(y.data(), result.logits.data(), static_cast<int64_t>(y.size()), problem.describe());
      compared += static_cast<long>(y.size());
    }
    // Each row alone.
    for (int r = 0; r < s.rows; ++r) {
      std::vector<int32_t> ids, rows;
      std::vector<float> expected;
      for (int i = 0; i < s.asked; ++i) {
        if (problem.id_rows[i] != r) continue;
        ids.push_back(problem.ids[i]);
        rows.push_back(0);
        expected.push_back(result.out[i]);
      }
      std::vector<float> out(ids.size());
      kernel.run({problem.x.data() + r * s.columns, problem.head.weight(), c.precision, 1, ids.data(), rows.data(),
                  static_cast<int>(ids.size()), out.data(), nullptr, nullptr},
                 pool(1));
      expect_same_bits(out.data(), expected.data(), static_cast<int64_t>(out.size()),
                       problem.describe() + print(", row %d alone", r));
    }
  }
  return print("%ld logits the same bits as Linear's, each row the same alone", compared);
}

// The logits are `head` itself: of one row, log-probabilities of four ids and the best one. False where the kernel takes no float32.
bool ask(const Kernel<LogProbsOp>& kernel, const std::vector<float>& head, const std::vector<int32_t>& ids, float (&out)[4],
         int32_t& best) {
  const float x = 1;
  const std::vector<int32_t> rows(ids.size(), 0);
  const LogProbsOp op{&x, {head.data(), DType::kF32, static_cast<int64_t>(head.size()), 1}, Precision::kF32, 1, ids.data(), rows.data(),
                      static_cast<int>(ids.size()), out, &best, nullptr};
  if (!kernel.accepts(op, cpu_features())) return false;
  kernel.run(op, pool(2));
  return true;
}

// Logits 0, 3, 3 beside a vocabulary of very negative ones; and a shift that overflows exp unless the maximum is taken
// out.
std::string survives_large_logits(const Kernel<LogProbsOp>& kernel) {
  const int vocabulary = 600;
  std::vector<float> head(vocabulary, -500.0f);
  head[300] = 403;
  head[17] = 400;
  head[599] = 403;
  const std::vector<int32_t> ids = {300, 17, 599, 0};
  float out[4];
  int32_t best = -1;
  if (!ask(kernel, head, ids, out, best)) return "skipped: takes no float32";
  const double sum = std::log(2 + std::exp(-3.0));
  const double expected[] = {-sum, -3 - sum, -sum, -903 - sum};
  for (int i = 0; i < 4; ++i) {
    expect(std::fabs(out[i] - expected[i]) < 1e-4,
           print("log-probability of %d is %.9g, not %.9g", ids[i], out[i], expected[i]));
  }
  expect(best == 300, print("best is %d: ties go to the lower id, 300", best));
  return "four log-probabilities worked out by hand";
}

// Tiles of minus infinity before, between and behind those that count; a row of nothing else has no probabilities.
std::string ignores_minus_infinity(const Kernel<LogProbsOp>& kernel) {
  const int vocabulary = 1500;
  const float none = -INFINITY;
  std::vector<float> head(vocabulary, none);
  head[700] = 2;
  head[1300] = 1;
  head[1301] = none;
  const std::vector<int32_t> ids = {700, 1300, 0, 1499};
  float out[4];
  int32_t best = -1;
  if (!ask(kernel, head, ids, out, best)) return "skipped: takes no float32";
  const double sum = std::log(1 + std::exp(-1.0));
  expect(std::fabs(out[0] + sum) < 1e-6 && std::fabs(out[1] + 1 + sum) < 1e-6,
         print("log-probabilities are %.9g and %.9g, not %.9g and %.9g", out[0], out[1], -sum, -1 - sum));
  expect(out[2] == none && out[3] == none, "what has no weight has a log-probability of minus infinity");
  expect(best == 700, print("best is %d, not 700", best));
  std::fill(head.begin(), head.end(), none);
  ask(kernel, head, ids, out, best);
  expect(std::isnan(out[0]), "where nothing has weight, nothing has a probability");
  return "six tiles, of which two have logits";
}

const Suite kSuite([] {
  add_for_each_kernel<LogProbsOp>("agrees with the reference over awkward vocabularies", Reference::kExcluded,
                                  agrees_with_reference);
  add_for_each_kernel<LogProbsOp>("uses the logits of Linear bit for bit, in any batch", Reference::kIncluded,
                                  agrees_with_linear);
  add_for_each_kernel<LogProbsOp>("takes the maximum out of large logits and breaks ties downward",
                                  Reference::kIncluded, survives_large_logits);
  add_for_each_kernel<LogProbsOp>("gives minus infinity no weight", Reference::kIncluded, ignores_minus_infinity);
});

}  // namespace
}  // namespace evalrun::test

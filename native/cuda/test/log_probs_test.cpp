// LogProbsOp: against the reference, against the logits it stores, and bit for bit over batches.
#include "cuda/log_probs.h"

#include <algorithm>
#include <cmath>

#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

struct Head {
  Precision precision;
  DType dtype;
};

const Head kHeads[] = {
    {Precision::kBF16, DType::kBF16}, {Precision::kF32, DType::kF32}, {Precision::kF32, DType::kBF16}};

// Vocabularies of one entry, less than a tile, one tile, more, and more tiles than a warp has lanes.
const ProductShape kShapes[] = {{1, 1, 1},     {3, 255, 65},   {17, 256, 64},
                                {2, 700, 100}, {130, 300, 40}, {1, 33 * 256 + 7, 33}};

struct Asked {
  std::vector<int32_t> ids, rows;
};

// Every row once, some twice, in no order, with the first and the last id of the vocabulary among them.
Asked ask(Random& random, int rows, int64_t vocabulary) {
  Asked asked;
  for (int i = 0; i < rows + 10; ++i) {
    asked.rows.push_back(i < rows ? (i * 7 + 3) % rows : random.below(rows));
    asked.ids.push_back(i == 0   ? 0
                        : i == 1 ? static_cast<int32_t>(vocabulary - 1)
                                 : random.below(static_cast<int>(vocabulary)));
  }
  return asked;
}

struct Result {
  std::vector<float> out, logits;
  std::vector<int32_t> best;
};

Result run_head(const Head& head, const float* x, int rows, const Weight& w, const Asked& asked, bool keep_logits,
                bool want_best = true) {
  const DeviceArray<int32_t> ids(asked.ids), id_rows(asked.rows), best(rows);
  const DeviceArray<float> out(static_cast<int64_t>(asked.ids.size())), logits(keep_logits ? rows * w.rows : 1);
  run_op(LogProbsOp{x, w, head.precision, rows, ids.data(), id_rows.data(), static_cast<int>(asked.ids.size()),
                    out.data(), want_best ? best.data() : nullptr, keep_logits ? logits.data() : nullptr});
  for (const DeviceBytes* array : {static_cast<const DeviceBytes*>(&best), static_cast<const DeviceBytes*>(&out),
                                   static_cast<const DeviceBytes*>(&logits)}) {
    array->check("log_probs");
  }
  return {out.host(), logits.host(), best.host()};
}

std::string describe(const Head& head, const ProductShape& s) {
  return print("head %s in %s, rows %d, V %ld, C %ld", name_of(head.dtype), name_of(head.precision), s.rows,
               static_cast<long>(s.outputs), static_cast<long>(s.columns));
}

// Logits against the reference's products; log-probabilities and best against the logits that were stored, with sums in
// double.
std::string agrees_with_reference() {
  Random random(1);
  Comparison of_logits, of_log_probs;
  for (const Head& head : kHeads) {
    for (const ProductShape& s : kShapes) {
      const StoredWeight stored(random, head.dtype, s.outputs, s.columns);
      const DeviceWeightCopy weight(stored.weight());
      std::vector<float> x = random.normals(s.rows * s.columns);
      // Logits of a few units, as models have them; of hundreds where there are many tiles, so that exp of a difference
      // overflows.
      const float spread = s.outputs > 8000 ? 300.0f : 3.0f;
      for (float& value : x) value *= spread / std::sqrt(static_cast<float>(s.columns));
      const DeviceArray<float> device_x(x);
      const Asked asked = ask(random, s.rows, s.outputs);
      const std::string where = describe(head, s);
      const Result kept = run_head(head, device_x.data(), s.rows, weight.weight(), asked, true);
      const Result bare = run_head(head, device_x.data(), s.rows, weight.weight(), asked, false);
      expect_same_bits(bare.out.data(), kept.out.data(), static_cast<int64_t>(kept.out.size()),
                       where + ": with and without stored logits");
      expect(bare.best == kept.best, where + ": best differs with and without stored logits");
      std::vector<double> log_sums;
      for (int r = 0; r < s.rows; ++r) {
        const float* logits = kept.logits.data() + r * s.outputs;
        const ExpectedRow expected = expected_row(x.data() + r * s.columns, stored.weight(), head.precision);
        double sum = 0;
        const float largest = *std::max_element(logits, logits + s.outputs);
        for (int64_t v = 0; v < s.outputs; ++v) {
          of_logits.add(logits[v], expected.values[v], expected.bounds[v],
                        [&] { return where + print(", row %d, logit %ld", r, static_cast<long>(v)); });
          sum += std::exp(static_cast<double>(logits[v]) - largest);
        }
        log_sums.push_back(largest + std::log(sum));
        expect(kept.best[r] == std::max_element(logits, logits + s.outputs) - logits,
               where + print(": best of row %d is %d", r, kept.best[r]));
      }
      for (size_t j = 0; j < asked.ids.size(); ++j) {
        const float logit = kept.logits[asked.rows[j] * s.outputs + asked.ids[j]];
        const double expected = logit - log_sums[asked.rows[j]];
        // expf is within 2 ulp and the sums of a tile add 13 times; every tile rescales, with two roundings more. Then
        // a logarithm of relative error e is wrong by e, and two additions round.
        const double tiles = std::ceil(static_cast<double>(s.outputs) / kLogitTile);
        const double bound = 0x1p-23 * (20 + 4 * tiles) +
                             0x1p-23 * (std::fabs(logit) + std::fabs(log_sums[asked.rows[j]]) + std::fabs(expected));
        of_log_probs.add(kept.out[j], static_cast<float>(expected), bound, [&] { return where + print(", asked %zu", j); });
      }
    }
  }
  return "logits: " + of_logits.summary() + "; log-probabilities: " + of_log_probs.summary();
}

// The logits are those of LinearOp, whatever the tile.
std::string logits_are_linear() {
  Random random(2);
  const ProductShape s{20, 530, 200};
  const StoredWeight stored(random, DType::kBF16, s.outputs, s.columns);
  const DeviceWeightCopy weight(stored.weight());
  const DeviceArray<float> x(random.normals(s.rows * s.columns)), y(s.rows * s.outputs);
  run_op(LinearOp{x.data(), s.columns, weight.weight(), nullptr, Precision::kBF16, s.rows, y.data(), s.outputs});
  const std::vector<float> linear = y.host();
  for (const int rows : {1, 20}) {
    const Result result = run_head(kHeads[0], x.data(), rows, weight.weight(), ask(random, rows, s.outputs), true);
    expect_same_bits(result.logits.data(), linear.data(), rows * s.outputs, print("%d rows", rows));
  }
  return "the same bits for 1 and 20 rows";
}

std::string is_batch_invariant() {
  Random random(3);
  long compared = 0;
  for (const Head& head : kHeads) {
    const ProductShape s{140, 600, 72};
    const StoredWeight stored(random, head.dtype, s.outputs, s.columns);
    const DeviceWeightCopy weight(stored.weight());
    const std::vector<float> x = random.normals(s.rows * s.columns);
    const DeviceArray<float> device_x(x);
    const Asked asked = ask(random, s.rows, s.outputs);
    const Result together = run_head(head, device_x.data(), s.rows, weight.weight(), asked, false);
    for (int begin = 0, size = 1; begin < s.rows; begin += size, size = size * 3 + 1) {
      size = std::min(size, s.rows - begin);
      Asked part;
      std::vector<float> expected;
      for (size_t j = asked.ids.size(); j-- > 0;) {
        if (asked.rows[j] < begin || asked.rows[j] >= begin + size) continue;
        part.ids.push_back(asked.ids[j]);
        part.rows.push_back(asked.rows[j] - begin);
        expected.push_back(together.out[j]);
      }
      const Result alone =
          run_head(head, device_x.data() + begin * s.columns, size, weight.weight(), part, size % 2 == 0);
      expect_same_bits(alone.out.data(), expected.data(), static_cast<int64_t>(expected.size()),
                       describe(head, s) + print(", %d rows alone", size));
      expect(std::equal(alone.best.begin(), alone.best.end(), together.best.begin() + begin),
             describe(head, s) + ": best differs");
      compared += size;
    }
  }
  return print("%ld rows the same bits alone and together", compared);
}

std::string breaks_ties() {
  for (const Head& head : kHeads) {
    const int64_t vocabulary = 9000, columns = 16;  // more tiles than lanes
    Random random(4);
    const StoredWeight stored(random, head.dtype, vocabulary, columns);
    for (int64_t i = 0; i < vocabulary * columns; ++i)
      evalrun::test::store_element(stored.bytes.data(), head.dtype, i, i % columns == 0 ? -2.0f : 0.0f);
    const auto set = [&](int64_t id, float value) {
      evalrun::test::store_element(stored.bytes.data(), head.dtype, id * columns, value);
    };
    const auto best_of = [&](float first) {
      std::vector<float> x(2 * columns, 0.0f);
      x[0] = first;
      x[columns] = 2 * first;
      const DeviceWeightCopy weight(stored.weight());
      const DeviceArray<float> device_x(x);
      const Result result = run_head(head, device_x.data(), 2, weight.weight(), {{3}, {1}}, false);
      expect(result.best[0] == result.best[1], "two rows with the same best differ");
      return result.best[0];
    };
    expect(best_of(1) == 0, "all logits are the same: the lowest id is best");
    for (const int64_t id : {8999, 8449, 8448, 8191, 300, 255, 37, 5}) {
      set(id, 4.0f);
      const int32_t best = best_of(1);
      expect(best == id, print("of equal logits the lowest id, %ld, is best, not %d", static_cast<long>(id), best));
    }
    expect(best_of(-1) == 0, "of equal logits id 0 is best when the others are lower");
  }
  return "the lowest id among equal logits, within lanes, tiles and over 36 tiles";
}

std::string keeps_nan() {
  Random random(5);
  for (const Head& head : kHeads) {
    const ProductShape s{5, 600, 64};
    const StoredWeight stored(random, head.dtype, s.outputs, s.columns);
    const DeviceWeightCopy weight(stored.weight());
    std::vector<float> x = random.normals(s.rows * s.columns);
    const Asked asked{{1, 2, 3, 4, 599}, {0, 1, 2, 3, 4}};
    const DeviceArray<float> clean(x);
    const Result before = run_head(head, clean.data(), s.rows, weight.weight(), asked, false);
    x[2 * s.columns] = NAN;
    const DeviceArray<float> dirty(x);
    const Result after = run_head(head, dirty.data(), s.rows, weight.weight(), asked, false);
    for (int j = 0; j < 5; ++j) {
      if (j == 2) {
        expect(std::isnan(after.out[j]), "a NaN row must give NaN");
      } else {
        expect_same_bits(&after.out[j], &before.out[j], 1, "neighbour of NaN");
      }
    }
  }
  return "a NaN row gives NaN, its neighbours what they gave";
}

// More tiles than lanes, the first and most of them minus infinity, by overflow.
std::string ignores_minus_infinity() {
  for (const Head& head : kHeads) {
    const int64_t vocabulary = 9000, columns = 16;
    Random random(8);
    const StoredWeight stored(random, head.dtype, vocabulary, columns);
    for (int64_t i = 0; i < vocabulary * columns; ++i) evalrun::test::store_element(stored.bytes.data(), head.dtype, i, -3e38f);
    for (const auto& [id, value] : {std::pair{int64_t{5000}, 2.0f}, {int64_t{8800}, 1.0f}}) {
      for (int64_t c = 0; c < columns; ++c)
        evalrun::test::store_element(stored.bytes.data(), head.dtype, id * columns + c, c == 0 ? value : 0.0f);
    }
    std::vector<float> x(columns, 64.0f);
    x[0] = 1;
    const DeviceWeightCopy weight(stored.weight());
    const DeviceArray<float> device_x(x);
    const Result result = run_head(head, device_x.data(), 1, weight.weight(), {{5000, 8800, 0}, {0, 0, 0}}, false);
    const double sum = std::log(1 + std::exp(-1.0));
    expect(std::fabs(result.out[0] + sum) < 1e-6 && std::fabs(result.out[1] + 1 + sum) < 1e-6,
           print("%s: log-probabilities are %.9g and %.9g, not %.9g and %.9g", name_of(head.dtype), result.out[0], result.out[1],
                 -sum, -1 - sum));
    expect(result.out[2] == -INFINITY, "what has no weight has a log-probability of minus infinity");
    expect(result.best[0] == 5000, "the best is not what has the most weight");
  }
  return "36 tiles, of which two have logits";
}

std::string takes_nothing_asked() {
  Random random(6);
  for (const Head& head : kHeads) {
    const ProductShape s{3, 300, 40};
    const StoredWeight stored(random, head.dtype, s.outputs, s.columns);
    const DeviceWeightCopy weight(stored.weight());
    const DeviceArray<float> x(random.normals(s.rows * s.columns));
    const Result all = run_head(head, x.data(), s.rows, weight.weight(), {}, true);
    const Result logits = run_head(head, x.data(), s.rows, weight.weight(), {}, true, false);
    const Result best = run_head(head, x.data(), s.rows, weight.weight(), {}, false);
    expect_same_bits(all.logits.data(), logits.logits.data(), s.rows * s.outputs, "logits alone");
    expect(all.best == best.best && logits.best == std::vector<int32_t>(s.rows, -1), "best alone");
  }
  return "logits alone, best alone";
}

// Parts of the vocabulary through scratch memory, the last one narrower.
std::string passes_vocabulary_in_parts() {
  Random random(7);
  const ProductShape s{6, 3000, 40};
  const StoredWeight stored(random, DType::kF32, s.outputs, s.columns);
  const DeviceWeightCopy weight(stored.weight());
  const DeviceArray<float> x(random.normals(s.rows * s.columns));
  const Asked asked = ask(random, s.rows, s.outputs);
  const DeviceArray<int32_t> ids(asked.ids), id_rows(asked.rows);
  const Result whole = run_head(kHeads[1], x.data(), s.rows, weight.weight(), asked, false);
  for (const int64_t logits_at_once : {int64_t{1}, int64_t{6 * 520}, int64_t{6 * 2999}}) {
    const DeviceArray<float> out(static_cast<int64_t>(asked.ids.size()));
    const DeviceArray<int32_t> best(s.rows);
    begin_step();
    run_log_probs(context(),
                  LogProbsOp{x.data(), weight.weight(), Precision::kF32, s.rows, ids.data(), id_rows.data(),
                             static_cast<int>(asked.ids.size()), out.data(), best.data(), nullptr},
                  logits_at_once);
    finish_step();
    const std::string where = print("%ld logits at once", static_cast<long>(logits_at_once));
    expect_same_bits(out.host().data(), whole.out.data(), static_cast<int64_t>(whole.out.size()), where);
    expect(best.host() == whole.best, where + ": best differs");
  }
  return "the same bits in 12 parts, in 6 and in 2";
}

const evalrun::test::Suite kSuite([] {
  add("cuda log_probs: agrees with the reference and with the logits it stores", [] { return with_every_kind(agrees_with_reference); });
  add("cuda log_probs: logits have the bits of LinearOp", [] { return with_every_kind(logits_are_linear); });
  add("cuda log_probs: a row has the same bits in any batch", [] { return with_every_kind(is_batch_invariant); });
  add("cuda log_probs: the lowest of equal logits is best", [] { return with_every_kind(breaks_ties); });
  add("cuda log_probs: keeps NaN in its own row", [] { return with_every_kind(keeps_nan); });
  add("cuda log_probs: gives minus infinity no weight", [] { return with_every_kind(ignores_minus_infinity); });
  add("cuda log_probs: takes nothing asked", [] { return with_every_kind(takes_nothing_asked); });
  add("cuda log_probs: an f32 vocabulary in parts", passes_vocabulary_in_parts);
});

}  // namespace
}  // namespace evalrun::cuda::test

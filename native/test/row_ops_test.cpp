// GatedActOp, RmsNormOp and AddNormOp: every kernel against the reference and, over batches, against itself.
#include <cmath>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

std::string gated_act(const Kernel<GatedActOp>& kernel) {
  Comparison comparison;
  Random random(51);
  for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 15}, {3, 17}, {7, 333}, {5, 9000}}) {
    const int count = rows * columns;
    std::vector<float> gate = random.normals(count);
    const std::vector<float> up = random.normals(count);
    for (float& g : gate) g *= 8;
    if (count > 100) {
      const float special[] = {0.0f, -0.0f, 87.5f, -87.5f, -104.0f, -200.0f, 200.0f, 1e30f, -1e30f, 1e-30f};
      std::copy(std::begin(special), std::end(special), gate.begin() + 20);
    }
    const GuardedBytes y(4 * count);
    kernel.run({gate.data(), up.data(), rows, columns, y.floats()}, pool(2));
    y.check("gated_act");
    for (int i = 0; i < count; ++i) {
      const double exact = static_cast<double>(gate[i]) / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i];
      comparison.add(y.floats()[i], static_cast<float>(exact), 5 * 0x1p-24 * std::fabs(exact) + 1e-36,
                     [&] { return print("silu(%.9g) * %.9g", gate[i], up[i]); });
    }
    // In place, with other threads.
    std::vector<float> in_place = gate;
    kernel.run({in_place.data(), up.data(), rows, columns, in_place.data()}, pool(3));
    expect_same_bits(in_place.data(), y.floats(), count, "in place");
  }
  float gate = NAN, up = 1, y = 0;
  kernel.run({&gate, &up, 1, 1, &y}, pool(1));
  expect(std::isnan(y), "silu(NaN) must be NaN");
  return comparison.summary();
}

std::string rms_norm(const Kernel<RmsNormOp>& kernel) {
  Comparison comparison;
  Random random(52);
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    for (bool round : {false, true}) {
      for (const auto& [rows, columns] : {std::pair{1, 1}, {2, 7}, {5, 64}, {3, 129}, {70, 1000}}) {
        const int64_t stride = columns + 5;
        const StoredWeight weight(random, dtype, 1, columns, 1);
        GuardedBytes x(4 * ((rows - 1) * stride + columns));
        for (int r = 0; r < rows; ++r) {
          for (int c = 0; c < columns; ++c) x.floats()[r * stride + c] = random.normal() * (r == 1 ? 1e-4f : 3.0f);
        }
        const float eps = 1e-5f;
        const GuardedBytes y(4 * ((rows - 1) * stride + columns));
        const RmsNormOp op{x.floats(), stride, weight.weight(), eps, round, rows, columns, y.floats(), stride};
        kernel.run(op, pool(2));
        y.check("rms_norm");
        const std::string where = print("weight %s, round %d, %d x %d", name_of(dtype), round, rows, columns);
        for (int r = 0; r < rows; ++r) {
          const float* row = x.floats() + r * stride;
          double sum = 0;
          for (int c = 0; c < columns; ++c) sum += static_cast<double>(row[c]) * row[c];
          for (int c = 0; c < columns; ++c) {
            const double w = load_element(weight.bytes.data(), dtype, c);
            const double normalized = row[c] / std::sqrt(sum / columns + eps);
            const double exact = w * (round ? round_bf16(static_cast<float>(normalized)) : normalized);
            // The sum's own error; with rounding, a last bit of float32 may choose the other neighbour, one step of
            // 2^-7 away.
            const double bound = std::fabs(exact) * (round ? 0x1p-7 : 0x1p-24 * (8 + columns / 16.0)) + 1e-36;
            comparison.add(y.floats()[r * stride + c], static_cast<float>(exact), bound, [&] { return where; });
          }
          std::vector<float> alone(columns);
          kernel.run({row, stride, weight.weight(), eps, round, 1, columns, alone.data(), stride}, pool(1));
          expect_same_bits(alone.data(), y.floats() + r * stride, columns, where + ", a row alone");
        }
        std::vector<float> before(y.floats(), y.floats() + columns);
        kernel.run({x.floats(), stride, weight.weight(), eps, round, rows, columns, x.floats(), stride}, pool(3));
        expect_same_bits(x.floats(), before.data(), columns, where + ", in place");
      }
    }
  }
  // Rounding comes before the weight: with x = 1 + 2^-10 the normalised value is a little off 1, and bfloat16 makes
  // it 1.
  const std::vector<float> x = {1.0009765625f, -1.0f}, weight = {3.0f, 3.0f};
  float y[2];
  kernel.run({x.data(), 2, {weight.data(), DType::kF32, 1, 2}, 0, true, 1, 2, y, 2}, pool(1));
  expect(y[0] == 3.0f && y[1] == -3.0f,
         print("rounded before the weight must give 3 and -3, found %.9g and %.9g", y[0], y[1]));
  return comparison.summary();
}

std::string add_norm(const Kernel<AddNormOp>& kernel) {
  Random random(53);
  const Kernel<RmsNormOp>* norm = nullptr;
  const std::string suffix = std::string(kernel.name).substr(std::string(kernel.name).find('/'));
  for (const auto& candidate : Registry<RmsNormOp>::instance().all()) {
    if (candidate.name == "rms_norm" + suffix) norm = &candidate;
  }
  expect(norm != nullptr, "no rms_norm kernel of the same instruction set");
  for (const auto& [rows, columns] : {std::pair{1, 1}, {3, 129}, {50, 1000}}) {
    const int64_t count = static_cast<int64_t>(rows) * columns;
    const StoredWeight weight(random, DType::kBF16, 1, columns);
    const std::vector<float> x = random.normals(count), delta = random.normals(count);
    std::vector<float> sum(count), expected(count), y(count), residual = x;
    for (int64_t i = 0; i < count; ++i) sum[i] = x[i] + delta[i];
    norm->run({sum.data(), columns, weight.weight(), 1e-6f, true, rows, columns, expected.data(), columns}, pool(1));
    kernel.run({residual.data(), delta.data(), weight.weight(), 1e-6f, true, rows, columns, y.data()}, pool(2));
    expect_same_bits(residual.data(), sum.data(), count, "x + delta");
    expect_same_bits(y.data(), expected.data(), count, "the norm of x + delta");
    kernel.run({residual.data(), nullptr, weight.weight(), 1e-6f, true, rows, columns, y.data()}, pool(2));
    expect_same_bits(residual.data(), sum.data(), count, "x without a delta");
    expect_same_bits(y.data(), expected.data(), count, "the norm without a delta");
    residual = x;
    kernel.run({residual.data(), delta.data(), Weight{}, 0, false, rows, columns, nullptr}, pool(2));
    expect_same_bits(residual.data(), sum.data(), count, "x + delta without a norm");
  }
  return "sums and norms the same bits as an addition and RmsNorm";
}

const Suite kSuite([] {
  add_for_each_kernel<GatedActOp>("is silu(gate) * up within a few units in the last place, extremes included",
                                  Reference::kIncluded, gated_act);
  add_for_each_kernel<RmsNormOp>("normalises over awkward widths and rounds before the weight", Reference::kIncluded,
                                 rms_norm);
  add_for_each_kernel<AddNormOp>("is an addition and a norm, each of which may be absent", Reference::kIncluded,
                                 add_norm);
});

}  // namespace
}  // namespace evalrun::test

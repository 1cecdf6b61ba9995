// Precision::kF32 of LinearOp and GroupedLinearOp: against the reference, and the tiled kernel against the skinny one.
#include "cuda/linear_f32.h"

#include <cmath>

#include "cuda/test/harness.h"
#include "cuda/test/reference.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

// The choice between the kernels depends on how many multiprocessors there are to keep busy.
template <class Op>
const char* run_with(int multiprocessors, const Op& op) {
  const int before = context().multiprocessors;
  context().multiprocessors = multiprocessors;
  begin_step();
  const char* name = run_f32(context(), op);
  finish_step();
  context().multiprocessors = before;
  return name;
}
constexpr int kSmallDevice = 1, kLargeDevice = 1 << 20;

// Of a chain over at most 128 columns and a sum over the segments, each step rounded once.
double bound(const float* x, const Weight& w, int64_t n) {
  double magnitude = 0;
  for (int64_t k = 0; k < w.columns; ++k) magnitude += std::fabs(static_cast<double>(x[k]) * load_weight(w, n, k));
  return 0x1p-24 * magnitude * (std::min<double>(w.columns, 128) + w.columns / 128.0 + 3) + 1e-30;
}

// The order that linear_f32.h promises, on the host.
float in_order(const float* x, const Weight& w, int64_t n, const float* bias) {
  float total = 0;
  for (int64_t begin = 0; begin < w.columns; begin += 128) {
    float segment = 0;
    for (int64_t k = begin; k < std::min(begin + 128, w.columns); ++k) segment = std::fma(x[k], load_weight(w, n, k), segment);
    total += segment;
  }
  return bias == nullptr ? total : total + bias[n];
}

struct Shape {
  int rows, outputs, columns, padding;
};

std::string linear() {
  Random random(271);
  Comparison comparison;
  int tiled = 0;
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    for (const Shape& s : {Shape{1, 1, 1, 0}, {1, 64, 300, 0}, {5, 9, 128, 4}, {20, 67, 129, 3}, {70, 70, 260, 0},
                           {17, 130, 1030, 1}}) {
      const int64_t stride = s.columns + s.padding, y_stride = s.outputs + s.padding;
      const StoredWeight weight(random, dtype, s.outputs, s.columns);
      const DeviceWeightCopy copy(weight.weight());
      std::vector<float> x(s.rows * stride, NAN);
      for (int r = 0; r < s.rows; ++r) {
        for (int c = 0; c < s.columns; ++c) x[r * stride + c] = random.normal();
      }
      const std::vector<float> bias = random.normals(s.outputs);
      const bool biased = s.rows % 2 == 0 || s.rows == 5;
      std::vector<float> expected(s.rows * y_stride);
      run_reference(LinearOp{x.data(), stride, weight.weight(), biased ? bias.data() : nullptr, Precision::kF32, s.rows,
                             expected.data(), y_stride});
      const DeviceArray<float> device_x(x), device_bias(bias), y(s.rows * y_stride), again(s.rows * y_stride), alone(s.outputs);
      LinearOp op{device_x.data(), stride, copy.weight(), biased ? device_bias.data() : nullptr, Precision::kF32, s.rows,
                  y.data(), y_stride};
      const std::string where = print("%s, %d x %d x %d", name_of(dtype), s.rows, s.outputs, s.columns);
      expect(std::string(run_with(kLargeDevice, op)) == "f32-skinny", where + ": the skinny kernel was expected");
      y.check(where);
      const std::vector<float> result = y.host();
      for (int r = 0; r < s.rows; ++r) {
        for (int n = 0; n < s.outputs; ++n) {
          comparison.add(result[r * y_stride + n], expected[r * y_stride + n], bound(x.data() + r * stride, weight.weight(), n),
                         [&] { return where + print(", row %d, output %d", r, n); });
          const float ordered = in_order(x.data() + r * stride, weight.weight(), n, biased ? bias.data() : nullptr);
          expect_same_bits(&result[r * y_stride + n], &ordered, 1, where + ", in the promised order");
        }
        for (int n = s.outputs; n < y_stride; ++n) expect(std::isnan(result[r * y_stride + n]), where + ": wrote between rows");
      }
      op.y = again.data();
      tiled += std::string(run_with(kSmallDevice, op)) == "f32-tiled";
      again.check(where);
      const std::vector<float> other = again.host();
      for (int r = 0; r < s.rows; ++r) {
        expect_same_bits(other.data() + r * y_stride, result.data() + r * y_stride, s.outputs, where + ", tiled and skinny");
      }
      op.x += (s.rows - 1) * stride;
      op.rows = 1;
      op.y = alone.data();
      run_with(kSmallDevice, op);
      expect_same_bits(alone.host().data(), result.data() + (s.rows - 1) * y_stride, s.outputs, where + ", a row alone");
    }
  }
  expect(tiled == 9, print("%d shapes were run by the tiled kernel, not 9", tiled));
  return comparison.summary();
}

std::string grouped() {
  Random random(272);
  Comparison comparison;
  int tiled = 0;
  const int outputs = 37, columns = 140;
  for (const auto& [rows, per_token, experts] : {std::tuple{1, 2, 8}, {9, 3, 5}, {60, 2, 3}, {150, 1, 1}}) {
    for (bool gather : {true, false}) {
      const DType dtype = gather ? DType::kF32 : DType::kBF16;
      const int slots = rows * per_token;
      std::vector<StoredWeight> stored;
      std::vector<Weight> weights;
      for (int e = 0; e < experts; ++e) stored.emplace_back(random, dtype, outputs, columns);
      for (const StoredWeight& s : stored) weights.push_back(s.weight());
      const DeviceWeightCopy copies(weights);
      // Expert 1 gets nothing.
      std::vector<int32_t> chosen(slots), order(slots), offsets(experts + 1), slot_of(slots);
      for (int i = 0; i < slots; ++i) {
        chosen[i] = random.below(experts);
        if (chosen[i] == 1) chosen[i] = 0;
      }
      run_reference(BucketOp{chosen.data(), rows, per_token, experts, order.data(), offsets.data(), slot_of.data()});
      const std::vector<float> x = random.normals(static_cast<int64_t>(gather ? rows : slots) * columns);
      std::vector<float> expected(slots * outputs);
      run_reference(GroupedLinearOp{x.data(), weights.data(), experts, order.data(), offsets.data(), slots, per_token, gather,
                                    Precision::kF32, expected.data()});
      const DeviceArray<float> device_x(x), y(slots * outputs), again(slots * outputs);
      const DeviceArray<int32_t> device_order(order), device_offsets(offsets);
      GroupedLinearOp op{device_x.data(), copies.weights().data(), experts, device_order.data(), device_offsets.data(), slots,
                         per_token, gather, Precision::kF32, y.data()};
      run_with(kLargeDevice, op);
      y.check("grouped_linear");
      const std::vector<float> result = y.host();
      for (int e = 0; e < experts; ++e) {
        for (int slot = offsets[e]; slot < offsets[e + 1]; ++slot) {
          const float* row = x.data() + static_cast<int64_t>(gather ? order[slot] / per_token : slot) * columns;
          for (int n = 0; n < outputs; ++n) {
            comparison.add(result[slot * outputs + n], expected[slot * outputs + n], bound(row, weights[e], n),
                           [&, experts = experts] { return print("expert %d of %d, slot %d, output %d", e, experts, slot, n); });
          }
        }
      }
      op.y = again.data();
      tiled += std::string(run_with(kSmallDevice, op)) == "f32-tiled";
      again.check("grouped_linear, tiled");
      expect_same_bits(again.host().data(), result.data(), slots * outputs, "tiled and skinny");
    }
  }
  expect(tiled == 4, print("%d shapes were run by the tiled kernel, not 4", tiled));
  return comparison.summary();
}

std::string refuses() {
  const std::vector<float> x(16), w(16);
  const DeviceArray<float> device_x(x), y(1);
  for (Precision precision : {Precision::kBF16, Precision::kFP8}) {
    const DeviceWeightCopy weight(Weight{w.data(), DType::kF32, 1, 16});
    try {
      run_with(1, LinearOp{device_x.data(), 16, weight.weight(), nullptr, precision, 1, y.data(), 1});
    } catch (const std::invalid_argument&) {
      continue;
    }
    throw evalrun::test::Failure("a product in another precision was not refused");
  }
  return "bf16 and fp8";
}

const evalrun::test::Suite kSuite([] {
  add("cuda linear_f32 agrees with the reference; tiled, skinny and alone are the same bits", linear);
  add("cuda linear_f32 of experts agrees with the reference, empty experts included", grouped);
  add("cuda linear_f32 refuses other precisions", refuses);
});

}  // namespace
}  // namespace evalrun::cuda::test

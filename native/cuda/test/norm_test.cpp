// RmsNormOp and AddNormOp over the widths of heads, latents and models.
#include <cmath>

#include "cuda/linear_operand.h"
#include "cuda/test/harness.h"
#include "cuda/test/reference.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

// Relative error of the normalised value: a chain of at most 32 additions of squares, then up to 36 more over the lanes and warps,
// halved by the square root; and the roundings of the quotient, the sum, the root, its inverse and the product.
constexpr double kError = 0x1p-24 * (34 + 6);

void compare_row(Comparison& comparison, const RmsNormOp& op, const float* x, const float* y, const std::string& where) {
  double sum = 0;
  for (int c = 0; c < op.columns; ++c) sum += static_cast<double>(x[c]) * x[c];
  for (int c = 0; c < op.columns; ++c) {
    const double weight = load_element(op.weight.data, op.weight.dtype, c);
    const double normalized = x[c] / std::sqrt(sum / op.columns + op.eps);
    if (!op.round_normalized) {
      const double exact = weight * normalized;
      comparison.add(y[c], static_cast<float>(exact), std::fabs(exact) * kError + 1e-36, [&] { return where; });
      continue;
    }
    // Either neighbour where the error reaches across the middle between two bfloat16, else the only one.
    const float low = round_bf16(static_cast<float>(normalized * (1 - kError)));
    const float high = round_bf16(static_cast<float>(normalized * (1 + kError)));
    const double nearer = std::fabs(y[c] - weight * low) < std::fabs(y[c] - weight * high) ? weight * low : weight * high;
    comparison.add(y[c], static_cast<float>(nearer), std::fabs(nearer) * 0x1p-23 + 1e-36, [&] { return where; });
  }
}

std::string rms_norm() {
  Comparison comparison;
  Random random(211);
  for (const int columns : {1, 7, 64, 128, 129, 512, 513, 1000, 2048, 4100, 7168, 9001}) {
    for (const int padding : {0, 5, 8}) {
      const bool round = (columns + padding) % 2 == 0;
      const DType dtype = padding == 0 ? DType::kF32 : padding == 5 ? DType::kBF16 : DType::kF16;
      const int rows = columns < 600 ? 6 : 2;
      const int64_t stride = columns + padding;
      const StoredWeight weight(random, dtype, 1, columns);
      const DeviceWeightCopy copy(weight.weight());
      std::vector<float> x((rows - 1) * stride + columns, NAN);
      for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < columns; ++c) x[r * stride + c] = random.normal() * (r == 1 ? 1e-4f : 3.0f);
      }
      const DeviceArray<float> device_x(x), y(static_cast<int64_t>(x.size())), alone(columns);
      const RmsNormOp op{device_x.data(), stride, copy.weight(), 1e-5f, round, rows, columns, y.data(), stride};
      run_op(op);
      y.check("rms_norm");
      const std::vector<float> result = y.host();
      const std::string where = print("weight %s, round %d, %d x %d, stride %ld", name_of(dtype), round, rows, columns,
                                      static_cast<long>(stride));
      RmsNormOp host = op;
      host.weight = weight.weight();
      for (int r = 0; r < rows; ++r) {
        compare_row(comparison, host, x.data() + r * stride, result.data() + r * stride, where);
        // Alone, and from another address and stride: other accesses, the same sum.
        RmsNormOp one = op;
        one.x = device_x.data() + r * stride;
        one.rows = 1;
        one.y = alone.data();
        one.y_stride = columns + 3;
        run_op(one);
        alone.check("rms_norm of a row");
        expect_same_bits(alone.host().data(), result.data() + r * stride, columns, where + ", a row alone");
        for (int c = 0; c < padding && r + 1 < rows; ++c) {
          expect(std::isnan(result[r * stride + columns + c]), where + ": wrote between the rows");
        }
      }
      RmsNormOp in_place = op;
      in_place.y = device_x.data();
      run_op(in_place);
      const std::vector<float> over = device_x.host();
      for (int r = 0; r < rows; ++r) {
        expect_same_bits(over.data() + r * stride, result.data() + r * stride, columns, where + ", in place");
      }
    }
  }
  // With x = 1 + 2^-10 the normalised value is a little off 1, and bfloat16 makes it 1 before the weight.
  const DeviceArray<float> x(std::vector<float>{1.0009765625f, -1.0f}), y(2);
  const std::vector<float> three = {3.0f, 3.0f};
  const DeviceWeightCopy weight(Weight{three.data(), DType::kF32, 1, 2});
  run_op(RmsNormOp{x.data(), 2, weight.weight(), 0, true, 1, 2, y.data(), 2});
  expect(y.host()[0] == 3.0f && y.host()[1] == -3.0f, "rounded before the weight must give 3 and -3");
  return comparison.summary();
}

std::string add_norm() {
  Random random(212);
  for (const auto& [rows, columns] : {std::pair{1, 1}, {3, 129}, {9, 512}, {3, 2048}, {2, 7168}}) {
    const int64_t count = static_cast<int64_t>(rows) * columns;
    const StoredWeight weight(random, DType::kBF16, 1, columns);
    const DeviceWeightCopy copy(weight.weight());
    const std::vector<float> x = random.normals(count), delta = random.normals(count);
    std::vector<float> sum(count);
    for (int64_t i = 0; i < count; ++i) sum[i] = x[i] + delta[i];
    const DeviceArray<float> device_sum(sum), device_delta(delta), expected(count), residual(x), y(count);
    run_op(RmsNormOp{device_sum.data(), columns, copy.weight(), 1e-6f, true, rows, columns, expected.data(), columns});
    run_op(AddNormOp{residual.data(), device_delta.data(), copy.weight(), 1e-6f, true, rows, columns, y.data()});
    residual.check("the residual of add_norm");
    y.check("add_norm");
    expect_same_bits(residual.host().data(), sum.data(), count, "x + delta");
    expect_same_bits(y.host().data(), expected.host().data(), count, "the norm of x + delta");

    const DeviceArray<float> plain(count);
    run_op(AddNormOp{residual.data(), nullptr, copy.weight(), 1e-6f, true, rows, columns, plain.data()});
    expect_same_bits(residual.host().data(), sum.data(), count, "x without a delta");
    expect_same_bits(plain.host().data(), expected.host().data(), count, "the norm without a delta");

    const DeviceArray<float> only_added(x);
    run_op(AddNormOp{only_added.data(), device_delta.data(), Weight{}, 0, false, rows, columns, nullptr});
    expect_same_bits(only_added.host().data(), sum.data(), count, "x + delta without a norm");
  }
  bool refused = false;
  try {
    const DeviceArray<float> x(40000);
    run_op(AddNormOp{x.data(), x.data(), Weight{}, 0, false, 1, 40000, nullptr});
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "rows that registers cannot hold must be refused");
  return "sums and norms the same bits as an addition and rms_norm";
}

// Rows that a product converted before are converted by the norm itself: to the same bytes, and no kernel of the product's own.
std::string converts_as_well() {
  Random random(223);
  Context& ctx = context();
  for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
    for (const int columns : {128, 512, 1536, 2048}) {
      constexpr int kRows = 5;
      const StoredWeight weight(random, DType::kBF16, 1, columns);
      const DeviceWeightCopy copy(weight.weight());
      const DeviceArray<float> x(random.normals(int64_t{kRows} * columns)), delta(random.normals(int64_t{kRows} * columns));
      const DeviceArray<float> y(int64_t{kRows} * columns);
      const RmsNormOp norm{x.data(), columns, copy.weight(), 1e-5f, false, kRows, columns, y.data(), columns};
      const AddNormOp add_norm{x.data(), delta.data(), copy.weight(), 1e-5f, false, kRows, columns, y.data()};
      const auto operand_of = [&] {
        const Operand operand = linear_operand(ctx, {y.data(), columns, kRows, columns, precision});
        std::vector<uint8_t> bytes(static_cast<size_t>(kRows * (operand.row_bytes + operand.scale_columns * 4)));
        check(cudaMemcpyAsync(bytes.data(), operand.values, bytes.size(), cudaMemcpyDeviceToHost, ctx.stream), "an operand");
        finish_step();
        return bytes;
      };
      const auto with = [&](const auto& op) {
        begin_step();
        run(ctx, op);
        const bool made = ctx.operands.find({y.data(), columns, kRows, columns, precision}, ctx.step) != nullptr;
        const std::vector<uint8_t> by_norm = operand_of();
        begin_step();  // y as it is, by the product
        expect(made && by_norm == operand_of(), print("%s, %d columns", name_of(precision), columns));
      };
      run_op(norm);
      begin_step();
      operand_of();
      with(norm);
      with(add_norm);
      begin_step();
      run(ctx, RmsNormOp{x.data(), columns, copy.weight(), 1e-5f, false, 0, columns, y.data(), columns});  // no rows
      finish_step();
    }
  }
  return "bfloat16 and e4m3 of four widths";
}

const evalrun::test::Suite kSuite([] {
  add("cuda rms_norm normalises rows of every width, alone as in a batch and in place", rms_norm);
  add("cuda add_norm is an addition and a norm, each of which may be absent", add_norm);
  add("cuda norms convert rows that a product will ask for", converts_as_well);
});

}  // namespace
}  // namespace evalrun::cuda::test

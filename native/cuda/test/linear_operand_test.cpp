// Conversion of activations: codes and scales against the CPU's reference bit for bit, and when they are made anew.
#include "cuda/linear_operand.h"

#include <algorithm>
#include <cstring>

#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

struct HostOperand {
  std::vector<unsigned char> values;
  std::vector<float> scales;
};

HostOperand read_operand(const Operand& operand) {
  HostOperand host;
  host.values.resize(operand.key.rows * operand.row_bytes);
  check(cudaMemcpy(host.values.data(), operand.values, host.values.size(), cudaMemcpyDeviceToHost),
        "reading an operand");
  host.scales.resize(operand.key.rows * operand.scale_columns);
  if (!host.scales.empty()) {
    check(cudaMemcpy(host.scales.data(), operand.scales, host.scales.size() * 4, cudaMemcpyDeviceToHost),
          "reading scales");
  }
  return host;
}

// Values on the edge between two codes: quotients exactly in the middle, and quotients that a reciprocal takes to
// another code.
float edge_value(Random& random, float scale, bool middle_exactly) {
  float value = 0;
  for (int attempt = 0; attempt < 100000; ++attempt) {
    const int code = random.below(0x7d);
    const float middle =
        (e4m3_to_float(static_cast<uint8_t>(code)) + e4m3_to_float(static_cast<uint8_t>(code + 1))) / 2;
    value = bits_to_float(float_to_bits(middle * scale) + static_cast<uint32_t>(random.below(3)) - 1);
    if (middle_exactly ? value / scale == middle
                       : float_to_e4m3(value / scale) != float_to_e4m3(value * (1.0f / scale)))
      break;
  }
  return random.below(2) == 0 ? value : -value;
}

std::string agrees_with_reference() {
  Random random(1);
  long codes = 0, edges = 0;
  for (const int64_t columns : {1, 3, 63, 64, 100, 127, 128, 129, 300, 1408}) {
    for (const int rows : {1, 2, 17}) {
      for (const int gap : {0, 3, 4}) {
        const int64_t stride = columns + gap;
        std::vector<float> x(rows * stride, NAN);
        for (int r = 0; r < rows; ++r) {
          for (int64_t k = 0; k < columns; ++k) x[r * stride + k] = random.normal() * (k % 7 == 0 ? 30.0f : 1.0f);
        }
        // A group of edges, a group of zeros, and one of values below the smallest scale.
        const float amax = 3.37f;
        for (int64_t k = 0; k < std::min<int64_t>(columns, 128); ++k) {
          float& value = x[(rows - 1) * stride + k];
          value = k == 0 ? amax : edge_value(random, amax / 448.0f, k % 2 == 0);
          edges += float_to_e4m3(value / (amax / 448.0f)) != float_to_e4m3(value * (1.0f / (amax / 448.0f)));
        }
        if (columns > 128) {
          for (int64_t k = 128; k < std::min<int64_t>(columns, 256); ++k) x[k] = 0;
          for (int64_t k = 256; k < columns; ++k) x[k] = random.normal() * 1e-6f;
        }
        const DeviceArray<float> device(x);
        for (const Precision precision : {Precision::kBF16, Precision::kFP8}) {
          begin_step();
          const Operand operand = linear_operand(context(), {device.data(), stride, rows, columns, precision});
          finish_step();
          const HostOperand host = read_operand(operand);
          const std::string where =
              describe(precision, {rows, 0, columns}) + print(", stride %ld", static_cast<long>(stride));
          const int64_t element = precision == Precision::kFP8 ? 1 : 2;
          expect(operand.row_bytes == round_up(columns * element, kRowBytes),
                 where + ": rows are not padded to whole panels");
          for (int r = 0; r < rows; ++r) {
            const evalrun::Operand reference = evalrun::prepare_operand(x.data() + r * stride, columns, precision);
            for (int64_t k = 0; k < operand.row_bytes / element; ++k) {
              const unsigned char* at = host.values.data() + r * operand.row_bytes + k * element;
              const float value = load_element(at, precision == Precision::kFP8 ? DType::kF8E4M3 : DType::kBF16, 0);
              const float expected = k < columns ? reference.values[k] : 0.0f;
              expect(value == expected, where + print(": row %d, column %ld is %.9g, expected %.9g", r,
                                                      static_cast<long>(k), value, expected));
              ++codes;
            }
            for (int64_t b = 0; b < operand.scale_columns; ++b) {
              const float scale = host.scales[r * operand.scale_columns + b];
              expect(scale == reference.scales[b], where + print(": scale %ld is %.9g, expected %.9g",
                                                                 static_cast<long>(b), scale, reference.scales[b]));
            }
          }
        }
      }
    }
  }
  expect(edges > 1000, print("only %ld of the values are on an edge", edges));
  return print("%ld codes the same, %ld of them where x / s and x * (1 / s) differ", codes, edges);
}

std::string keeps_nan() {
  std::vector<float> x(300, 1.0f);
  x[5] = NAN;
  x[200] = INFINITY;
  const DeviceArray<float> device(x);
  begin_step();
  const Operand codes = linear_operand(context(), {device.data(), 300, 1, 300, Precision::kFP8});
  const Operand halves = linear_operand(context(), {device.data(), 300, 1, 300, Precision::kBF16});
  finish_step();
  const HostOperand fp8 = read_operand(codes), bf16 = read_operand(halves);
  expect((fp8.values[5] & 0x7f) == 0x7f, "NaN must have the code of NaN");
  expect(fp8.scales[0] == 1.0f / 448.0f, "NaN must not change the scale of its group");
  expect(fp8.scales[1] == INFINITY && fp8.scales[2] == 1.0f / 448.0f, "infinity scales its own group only");
  expect(std::isnan(bf16_to_float(static_cast<uint16_t>(bf16.values[10] | bf16.values[11] << 8))),
         "NaN must stay NaN in bfloat16");
  return "NaN and infinity stay where they are";
}

std::string is_cached() {
  Random random(2);
  const std::vector<float> first = random.normals(6 * 200), second = random.normals(6 * 200);
  DeviceArray<float> x(first);
  const auto overwrite = [&](const std::vector<float>& values) {
    check(cudaMemcpy(x.data(), values.data(), values.size() * 4, cudaMemcpyHostToDevice), "writing x");
  };
  const OperandKey key{x.data(), 200, 6, 200, Precision::kBF16};
  Context& ctx = context();
  const auto value_of = [&](const Operand& operand) {
    finish_step();
    const HostOperand host = read_operand(operand);
    return bf16_to_float(static_cast<uint16_t>(host.values[2] | host.values[3] << 8));
  };
  begin_step();
  const Operand made = linear_operand(ctx, key);
  expect(value_of(made) == round_bf16(first[1]), "the first conversion is wrong");
  overwrite(second);
  // Nobody has said that x was written: a second conversion would show.
  expect(linear_operand(ctx, key).values == made.values && value_of(made) == round_bf16(first[1]),
         "the same matrix was converted twice");
  std::vector<const void*> buffers{made.values};
  for (const OperandKey& other :
       {OperandKey{x.data(), 200, 6, 200, Precision::kFP8}, OperandKey{x.data(), 200, 5, 200, Precision::kBF16},
        OperandKey{x.data() + 1, 200, 5, 200, Precision::kBF16}, OperandKey{x.data(), 100, 6, 200, Precision::kBF16},
        OperandKey{x.data(), 200, 6, 100, Precision::kBF16}}) {
    buffers.push_back(linear_operand(ctx, other).values);
    expect(std::count(buffers.begin(), buffers.end(), buffers.back()) == 1, "another matrix got this one's operand");
  }
  ctx.operands.invalidate(x.data() + 1200, 400);
  ctx.operands.invalidate(x.data() - 100, 400);
  expect(linear_operand(ctx, key).values == made.values, "memory beside the matrix made it invalid");
  for (const auto& [begin, size] :
       {std::pair<float*, int64_t>{x.data() + 1199, 4}, {x.data() - 100, 404}, {x.data() - 1, 1 << 20}}) {
    overwrite(first);
    ctx.operands.invalidate(begin, size);
    expect(value_of(linear_operand(ctx, key)) == round_bf16(first[1]), "x was written but its operand is the old one");
    overwrite(second);
    ctx.operands.invalidate(begin, size);
    const Operand again = linear_operand(ctx, key);
    expect(value_of(again) == round_bf16(second[1]), "x was written but its operand is the old one");
    expect(std::count(buffers.begin(), buffers.end(), again.values) == 1,
           "memory of invalid operands was not used again");
  }
  overwrite(first);
  begin_step();
  expect(value_of(linear_operand(ctx, key)) == round_bf16(first[1]), "an operand outlived its step");
  return "converted once a step, and again when its matrix is written";
}

const evalrun::test::Suite kSuite([] {
  add("cuda operand: codes and scales are those of the reference, padding is zero", agrees_with_reference);
  add("cuda operand: keeps NaN and infinity", keeps_nan);
  add("cuda operand: is converted once a step, and again when its matrix is written", is_cached);
});

}  // namespace
}  // namespace evalrun::cuda::test

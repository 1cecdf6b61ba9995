// Reference kernels of LinearOp and GroupedLinearOp: one output at a time, columns in order.
#include "cpu/reference/linear.h"

#include <algorithm>
#include <cmath>

#include "ops/numeric.h"
#include "ops/registry.h"

namespace evalrun {

Operand prepare_operand(const float* x, int64_t columns, Precision precision) {
  Operand operand;
  operand.values.assign(x, x + columns);
  if (precision == Precision::kBF16) {
    for (float& value : operand.values) value = round_bf16(value);
  } else if (precision == Precision::kFP8) {
    for (int64_t begin = 0; begin < columns; begin += kQuantBlock) {
      const int64_t end = std::min<int64_t>(begin + kQuantBlock, columns);
      float amax = 0;
      for (int64_t k = begin; k < end; ++k) amax = std::max(amax, std::fabs(x[k]));
      const float scale = activation_scale(amax);
      operand.scales.push_back(scale);
      for (int64_t k = begin; k < end; ++k) operand.values[k] = e4m3_to_float(float_to_e4m3(x[k] / scale));
    }
  }
  return operand;
}

float dot_reference(const Operand& x, const Weight& weight, int64_t n, Precision precision) {
  const int64_t columns = weight.columns;
  if (precision != Precision::kFP8) {
    // Summed in double: the reference is the judge of every faster order of addition.
    double sum = 0;
    for (int64_t k = 0; k < columns; ++k) sum += static_cast<double>(x.values[k]) * load_weight(weight, n, k);
    return static_cast<float>(sum);
  }
  const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
  float sum = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t end = std::min<int64_t>((b + 1) * kQuantBlock, columns);
    double dot = 0;
    for (int64_t k = b * kQuantBlock; k < end; ++k) {
      dot += static_cast<double>(x.values[k]) * load_element(weight.data, weight.dtype, n * columns + k);
    }
    sum += static_cast<float>(dot) * (x.scales[b] * weight.scale[(n / kQuantBlock) * blocks + b]);
  }
  return sum;
}

namespace {

void linear(const LinearOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    const Operand x = prepare_operand(op.x + row * op.x_stride, op.weight.columns, op.precision);
    for (int64_t n = 0; n < op.weight.rows; ++n) {
      const float value = dot_reference(x, op.weight, n, op.precision);
      op.y[row * op.y_stride + n] = op.bias == nullptr ? value : value + op.bias[n];
    }
  });
}

void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  pool.run(op.experts, [&](int64_t expert, int) {
    const Weight& weight = op.weights[expert];
    for (int slot = op.offsets[expert]; slot < op.offsets[expert + 1]; ++slot) {
      const int64_t source = op.gather ? op.order[slot] / op.experts_per_token : slot;
      const Operand x = prepare_operand(op.x + source * weight.columns, weight.columns, op.precision);
      for (int64_t n = 0; n < weight.rows; ++n) {
        op.y[slot * weight.rows + n] = dot_reference(x, weight, n, op.precision);
      }
    }
  });
}

const Register<LinearOp> kLinear({"linear/reference", 0, accepts_all<LinearOp>, linear});
const Register<GroupedLinearOp> kGroupedLinear({"grouped_linear/reference", 0, accepts_all<GroupedLinearOp>, grouped_linear});

}  // namespace
}  // namespace evalrun

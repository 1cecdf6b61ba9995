// Reference kernels of RmsNormOp and AddNormOp.
#include <cmath>

#include "ops/numeric.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

// Hugging Face order: normalise in float32, round to the model's type, then multiply by the weight.
void norm_row(const float* x, const Weight& weight, float eps, bool round_normalized, int columns, float* y) {
  double sum = 0;
  for (int c = 0; c < columns; ++c) sum += static_cast<double>(x[c]) * x[c];
  const float inverse = 1.0f / std::sqrt(static_cast<float>(sum / columns) + eps);
  for (int c = 0; c < columns; ++c) {
    const float normalized = x[c] * inverse;
    y[c] = load_element(weight.data, weight.dtype, c) * (round_normalized ? round_bf16(normalized) : normalized);
  }
}

void rms_norm(const RmsNormOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    norm_row(op.x + row * op.x_stride, op.weight, op.eps, op.round_normalized, op.columns, op.y + row * op.y_stride);
  });
}

void add_norm(const AddNormOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    float* x = op.x + row * op.columns;
    if (op.delta != nullptr) {
      const float* delta = op.delta + row * op.columns;
      for (int c = 0; c < op.columns; ++c) x[c] += delta[c];
    }
    if (op.weight.data != nullptr) {
      norm_row(x, op.weight, op.eps, op.round_normalized, op.columns, op.y + row * op.columns);
    }
  });
}

const Register<RmsNormOp> kRmsNorm({"rms_norm/reference", 0, accepts_all<RmsNormOp>, rms_norm});
const Register<AddNormOp> kAddNorm({"add_norm/reference", 0, accepts_all<AddNormOp>, add_norm});

}  // namespace
}  // namespace evalrun

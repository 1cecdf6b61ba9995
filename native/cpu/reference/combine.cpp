// Reference kernels of CombineOp and TakeRowsOp.
#include <cstring>

#include "ops/registry.h"

namespace evalrun {
namespace {

void combine(const CombineOp& op, ThreadPool& pool) {
  pool.run_near(op.rows, [&](int64_t row, int) {
    float* y = op.y + row * op.columns;
    std::memset(y, 0, sizeof(float) * op.columns);
    for (int k = 0; k < op.experts_per_token; ++k) {
      const int64_t pair = row * op.experts_per_token + k;
      const float* x = op.x + static_cast<int64_t>(op.slot_of[pair]) * op.columns;
      const float weight = op.weights[pair];
      for (int c = 0; c < op.columns; ++c) y[c] += weight * x[c];
    }
    if (op.plus == nullptr) return;
    const float* plus = op.plus + row * op.columns;
    for (int c = 0; c < op.columns; ++c) y[c] += plus[c];
  });
}

void take_rows(const TakeRowsOp& op, ThreadPool& pool) {
  pool.run(op.count, [&](int64_t i, int) {
    std::memcpy(op.y + i * op.columns, op.x + static_cast<int64_t>(op.rows[i]) * op.columns, sizeof(float) * op.columns);
  });
}

const Register<CombineOp> kCombine({"combine/reference", 0, accepts_all<CombineOp>, combine});
const Register<TakeRowsOp> kTakeRows({"take_rows/reference", 0, accepts_all<TakeRowsOp>, take_rows});

}  // namespace
}  // namespace evalrun

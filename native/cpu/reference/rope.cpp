// Reference kernel of RopeOp.
#include "ops/registry.h"

namespace evalrun {
namespace {

void rope(const RopeOp& op, ThreadPool& pool) {
  const int half = op.rope_dim / 2;
  pool.run_near(op.rows, [&](int64_t row, int) {
    const float* cosines = op.cos_sin + static_cast<int64_t>(op.positions[row]) * op.rope_dim;
    const float* sines = cosines + half;
    for (int head = 0; head < op.heads; ++head) {
      float* x = op.x + row * op.x_stride + static_cast<int64_t>(head) * op.head_stride + op.offset;
      for (int i = 0; i < half; ++i) {
        float& first = op.interleaved ? x[2 * i] : x[i];
        float& second = op.interleaved ? x[2 * i + 1] : x[i + half];
        const float a = first;
        const float b = second;
        first = a * cosines[i] - b * sines[i];
        second = b * cosines[i] + a * sines[i];
      }
    }
  });
}

const Register<RopeOp> kRope({"rope/reference", 0, accepts_all<RopeOp>, rope});

}  // namespace
}  // namespace evalrun

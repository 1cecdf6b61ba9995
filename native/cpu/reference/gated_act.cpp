// Reference kernel of GatedActOp.
#include <cmath>

#include "ops/registry.h"

namespace evalrun {
namespace {

void gated_act(const GatedActOp& op, ThreadPool& pool) {
  pool.run(op.rows, [&](int64_t row, int) {
    const int64_t begin = row * op.columns;
    for (int64_t i = begin; i < begin + op.columns; ++i) {
      const float gate = op.gate[i];
      op.y[i] = gate / (1.0f + std::exp(-gate)) * op.up[i];
    }
  });
}

const Register<GatedActOp> kGatedAct({"gated_act/reference", 0, accepts_all<GatedActOp>, gated_act});

}  // namespace
}  // namespace evalrun

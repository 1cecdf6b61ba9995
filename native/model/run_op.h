// Model::run: runs an op on the model's device and remembers its kernel's name for the run's provenance.
#pragma once
#include "model/model.h"

namespace evalrun {

template <class Op>
struct OpName;
#define EVALRUN_OP_NAME(Op, text)              \
  template <>                                  \
  struct OpName<Op> {                          \
    static constexpr const char* value = text; \
  };
EVALRUN_OPS(EVALRUN_OP_NAME)
EVALRUN_COMPOSED_OPS(EVALRUN_OP_NAME)
#undef EVALRUN_OP_NAME

template <class Op>
void Model::run(const Op& op) {
  kernels_used_.try_emplace(OpName<Op>::value, device_->run(op));
}

}  // namespace evalrun

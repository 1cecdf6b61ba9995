// The CPU's reference kernel of an op, which judges the GPU's.
#pragma once
#include "ops/registry.h"
#include "test/test_runner.h"

namespace evalrun::cuda::test {

template <class Op>
void run_reference(const Op& op) {
  for (const Kernel<Op>& kernel : Registry<Op>::instance().all()) {
    if (kernel.priority == 0) return kernel.run(op, evalrun::test::pool(1));
  }
  throw std::runtime_error("no reference kernel of this op");
}

}  // namespace evalrun::cuda::test

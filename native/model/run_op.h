// Model::run: picks the kernel of an op and remembers its name for the run's provenance.
#pragma once
#include <cstring>

#include "cpu/features.h"
#include "model/model.h"
#include "ops/registry.h"

namespace evalrun {

template <class Op>
void Model::run(const Op& op) {
  const Kernel<Op>& kernel = Registry<Op>::instance().select(op, cpu_features(), reference_kernels_);
  const char* slash = std::strchr(kernel.name, '/');
  kernels_used_.try_emplace(std::string(kernel.name, slash - kernel.name), slash + 1);
  kernel.run(op, pool_);
}

}  // namespace evalrun

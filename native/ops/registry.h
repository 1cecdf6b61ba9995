// Which kernel runs an op: every kernel registers itself with a priority and a test of what it accepts.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "cpu/features.h"
#include "cpu/thread_pool.h"
#include "ops/ops.h"

namespace evalrun {

template <class Op>
struct Kernel {
  // e.g. "linear/avx512-bf16"; the part before the slash is the op's name. The reference is "<op>/reference", priority 0.
  const char* name;
  int priority;
  bool (*accepts)(const Op&, const CpuFeatures&);
  void (*run)(const Op&, ThreadPool&);
};

template <class Op>
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(const Kernel<Op>& kernel) {
    kernels_.push_back(kernel);
    std::stable_sort(kernels_.begin(), kernels_.end(), [](auto& a, auto& b) { return a.priority > b.priority; });
  }

  const std::vector<Kernel<Op>>& all() const { return kernels_; }

  // The best kernel that accepts the op, or null.
  const Kernel<Op>* find(const Op& op, const CpuFeatures& features) const {
    for (const auto& kernel : kernels_) {
      if (kernel.accepts(op, features)) return &kernel;
    }
    return nullptr;
  }

  // The best kernel that accepts the op; with reference_only the scalar reference.
  const Kernel<Op>& select(const Op& op, const CpuFeatures& features, bool reference_only) const {
    for (const auto& kernel : kernels_) {
      if (reference_only && kernel.priority != 0) continue;
      if (kernel.accepts(op, features)) return kernel;
    }
    std::string known;
    for (const auto& kernel : kernels_) known += std::string(known.empty() ? "" : ", ") + kernel.name;
    throw std::runtime_error("no kernel accepts this op; registered: " + known);
  }

 private:
  std::vector<Kernel<Op>> kernels_;
};

template <class Op>
struct Register {
  explicit Register(const Kernel<Op>& kernel) { Registry<Op>::instance().add(kernel); }
};

template <class Op>
bool accepts_all(const Op&, const CpuFeatures&) {
  return true;
}

}  // namespace evalrun

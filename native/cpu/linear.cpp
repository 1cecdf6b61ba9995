// Vector kernels of LinearOp and GroupedLinearOp: activations are packed once, weights are used where they are mapped.
// dot_kernels.h has the arithmetic and why an output depends on its own row only.
#include <vector>

#include "cpu/dot_driver.h"
#include "cpu/isa.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

template <const DotKernels* kTable>
void linear(const LinearOp& op, ThreadPool& pool) {
  thread_local Scratch memory;
  thread_local std::vector<const void*> rows;
  const DotKernels& kernels = kTable[static_cast<int>(op.precision)];
  pack_operands(kernels, op, memory, rows, pool);
  const DotGroup group{&op.weight, op.bias, 0, op.rows};
  run_dot_groups(kernels, &group, 1, rows.data(), op.y, op.y_stride, pool);
}

template <const DotKernels* kTable>
void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  if (op.slots == 0) return;
  thread_local Scratch memory;
  thread_local std::vector<const void*> rows;
  thread_local std::vector<DotGroup> groups;
  const DotKernels& kernels = kTable[static_cast<int>(op.precision)];
  const Weight& shape = op.weights[0];
  pack_operands(kernels, op, memory, rows, pool);
  groups.clear();
  for (int e = 0; e < op.experts; ++e) {
    groups.push_back({&op.weights[e], nullptr, op.offsets[e], op.offsets[e + 1] - op.offsets[e]});
  }
  run_dot_groups(kernels, groups.data(), op.experts, rows.data(), op.y, shape.rows, pool);
}

template <Isa kIsa>
bool accepts_linear(const LinearOp& op, const CpuFeatures& features) {
  return isa_takes_product(kIsa, features, op.precision, op.weight.dtype);
}

template <Isa kIsa>
bool accepts_grouped(const GroupedLinearOp& op, const CpuFeatures& features) {
  return op.experts > 0 && isa_takes_product(kIsa, features, op.precision, op.weights[0].dtype);
}

#if defined(__x86_64__)
const Register<LinearOp> kLinear[] = {
    Register<LinearOp>({"linear/avx2", 10, accepts_linear<Isa::kAvx2>, linear<kDotAvx2>}),
    Register<LinearOp>({"linear/avx512", 20, accepts_linear<Isa::kAvx512>, linear<kDotAvx512>}),
    Register<LinearOp>({"linear/avx512-bf16", 30, accepts_linear<Isa::kAvx512Bf16>, linear<kDotAvx512Bf16>}),
};
const Register<GroupedLinearOp> kGroupedLinear[] = {
    Register<GroupedLinearOp>({"grouped_linear/avx2", 10, accepts_grouped<Isa::kAvx2>, grouped_linear<kDotAvx2>}),
    Register<GroupedLinearOp>({"grouped_linear/avx512", 20, accepts_grouped<Isa::kAvx512>, grouped_linear<kDotAvx512>}),
    Register<GroupedLinearOp>(
        {"grouped_linear/avx512-bf16", 30, accepts_grouped<Isa::kAvx512Bf16>, grouped_linear<kDotAvx512Bf16>}),
};
#elif defined(__aarch64__)
const Register<LinearOp> kLinear({"linear/neon", 10, accepts_linear<Isa::kNeon>, linear<kDotNeon>});
const Register<GroupedLinearOp> kGroupedLinear({"grouped_linear/neon", 10, accepts_grouped<Isa::kNeon>, grouped_linear<kDotNeon>});
#endif

}  // namespace
}  // namespace evalrun

// Vector kernels of GatedActOp, RmsNormOp and AddNormOp: one row at a time, rows shared among the threads.
#include <algorithm>

#include "cpu/isa.h"
#include "cpu/row_kernels.h"
#include "cpu/scratch.h"
#include "cpu/thread_pool.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

// Elements of a piece: some ten microseconds of work.
constexpr int64_t kPieceElements = 1 << 15;

template <const RowKernels* kKernels>
void gated_act(const GatedActOp& op, ThreadPool& pool) {
  const int64_t elements = static_cast<int64_t>(op.rows) * op.columns;
  pool.run_near((elements + kPieceElements - 1) / kPieceElements, [&](int64_t piece, int) {
    const int64_t begin = piece * kPieceElements;
    const int64_t count = std::min(kPieceElements, elements - begin);
    kKernels->gated_act(op.gate + begin, op.up + begin, count, op.y + begin);
  });
}

// Rows in pieces of about kPieceElements.
template <class Body>
void for_rows(int rows, int columns, ThreadPool& pool, Body body) {
  const int64_t height = std::max<int64_t>(1, kPieceElements / std::max(1, columns));
  pool.run_near((rows + height - 1) / height, [&](int64_t piece, int) {
    const int64_t end = std::min<int64_t>(rows, (piece + 1) * height);
    for (int64_t row = piece * height; row < end; ++row) body(row);
  });
}

template <const RowKernels* kKernels>
const float* widened(const Weight& weight, Scratch& memory) {
  if (weight.data == nullptr) return nullptr;
  float* values = memory.get<float>((weight.columns + 15) / 16 * 16);
  kKernels->widen(weight, values);
  return values;
}

template <const RowKernels* kKernels>
void rms_norm(const RmsNormOp& op, ThreadPool& pool) {
  thread_local Scratch memory;
  const float* weight = widened<kKernels>(op.weight, memory);
  for_rows(op.rows, op.columns, pool, [&](int64_t row) {
    kKernels->norm(op.x + row * op.x_stride, weight, op.eps, op.round_normalized, op.columns, op.y + row * op.y_stride);
  });
}

template <const RowKernels* kKernels>
void add_norm(const AddNormOp& op, ThreadPool& pool) {
  thread_local Scratch memory;
  const float* weight = widened<kKernels>(op.weight, memory);
  for_rows(op.rows, op.columns, pool, [&](int64_t row) {
    float* x = op.x + row * op.columns;
    if (op.delta != nullptr) kKernels->add(x, op.delta + row * op.columns, op.columns);
    if (weight != nullptr) kKernels->norm(x, weight, op.eps, op.round_normalized, op.columns, op.y + row * op.columns);
  });
}

template <class Op, Isa kIsa>
bool accepts(const Op&, const CpuFeatures& features) {
  return isa_present(kIsa, features);
}

#if defined(__x86_64__)
const Register<GatedActOp> kGatedAct[] = {
    Register<GatedActOp>({"gated_act/avx2", 10, accepts<GatedActOp, Isa::kAvx2>, gated_act<&kRowAvx2>}),
    Register<GatedActOp>({"gated_act/avx512", 20, accepts<GatedActOp, Isa::kAvx512>, gated_act<&kRowAvx512>}),
};
const Register<RmsNormOp> kRmsNorm[] = {
    Register<RmsNormOp>({"rms_norm/avx2", 10, accepts<RmsNormOp, Isa::kAvx2>, rms_norm<&kRowAvx2>}),
    Register<RmsNormOp>({"rms_norm/avx512", 20, accepts<RmsNormOp, Isa::kAvx512>, rms_norm<&kRowAvx512>}),
};
const Register<AddNormOp> kAddNorm[] = {
    Register<AddNormOp>({"add_norm/avx2", 10, accepts<AddNormOp, Isa::kAvx2>, add_norm<&kRowAvx2>}),
    Register<AddNormOp>({"add_norm/avx512", 20, accepts<AddNormOp, Isa::kAvx512>, add_norm<&kRowAvx512>}),
};
#elif defined(__aarch64__)
const Register<GatedActOp> kGatedAct({"gated_act/neon", 10, accepts<GatedActOp, Isa::kNeon>, gated_act<&kRowNeon>});
const Register<RmsNormOp> kRmsNorm({"rms_norm/neon", 10, accepts<RmsNormOp, Isa::kNeon>, rms_norm<&kRowNeon>});
const Register<AddNormOp> kAddNorm({"add_norm/neon", 10, accepts<AddNormOp, Isa::kNeon>, add_norm<&kRowNeon>});
#endif

}  // namespace
}  // namespace evalrun

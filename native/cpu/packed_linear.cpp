// Kernels of LinearOp and GroupedLinearOp for weights that are packed (packed_weight.h): one piece of work is one panel
// of outputs with all rows that are multiplied with it.
#include <algorithm>
#include <vector>

#include "cpu/panel_pieces.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

#if defined(__x86_64__) || defined(__aarch64__)

void run_pieces(const PanelKernels& kernels, const std::vector<PanelPiece>& pieces, float* y, int64_t y_stride, bool near,
                ThreadPool& pool) {
  const auto body = [&](int64_t index, int) {
    thread_local Scratch scratch;
    const PanelPiece& piece = pieces[index];
    void* work = scratch.get<char>(kPanelScratchBytes);
    float* outputs[kPanelRows];
    const int64_t end = piece.panel + piece.panel_count;
    for (int64_t panel = piece.panel; panel < end; panel += kernels.most_panels) {
      for (int r = 0; r < piece.row_count; ++r) {
        outputs[r] = y + (piece.output_row + piece.first_row + r) * y_stride + panel * kPanelOutputs;
      }
      const PanelPart part{panel, std::min<int64_t>(kernels.most_panels, end - panel), 0, piece.row_count};
      PanelProduct product = piece.product(part, outputs, work);
      if (panel + part.panel_count < end) {
        product.next = panel_of(*piece.weight, panel + part.panel_count);
      } else if (index + pool.size() < static_cast<int64_t>(pieces.size())) {
        // As likely as any other.
        const PanelPiece& later = pieces[index + pool.size()];
        product.next = panel_of(*later.weight, later.panel);
      }
      kernels.multiply(product);
    }
  };
  near ? pool.run_near(static_cast<int64_t>(pieces.size()), body) : pool.run(static_cast<int64_t>(pieces.size()), body);
}

template <const PanelKernels* kTable>
void linear(const LinearOp& op, ThreadPool& pool) {
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op.x, op.x_stride, op.rows, op.weight.columns, pool);
  PanelCut cut(panels_of(op.weight.rows), kernels.most_panels, pool.size(), pieces);
  const bool near = cut.add_alone(&op.weight, op.bias, &operands.groups()[0]);
  run_pieces(kernels, pieces, op.y, op.y_stride, near, pool);
}

template <const PanelKernels* kTable>
void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  if (op.slots == 0) return;
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op, pool);
  PanelCut(panels_of(op, operands.groups()), kernels.most_panels, pool.size(), pieces).add(op, operands.groups());
  run_pieces(kernels, pieces, op.y, op.weights[0].rows, false, pool);
}

template <PanelIsa kIsa>
bool accepts_linear(const LinearOp& op, const CpuFeatures& features) {
  return reads_packed(op.weight, op.precision, features, kIsa);
}

template <PanelIsa kIsa>
bool accepts_grouped(const GroupedLinearOp& op, const CpuFeatures& features) {
  return op.experts > 0 && reads_packed(op.weights[0], op.precision, features, kIsa);
}

#if defined(__x86_64__)
const Register<LinearOp> kLinear[] = {
    Register<LinearOp>({"linear/avx2-packed", 15, accepts_linear<PanelIsa::kAvx2>, linear<kPanelAvx2>}),
    Register<LinearOp>({"linear/avx512-packed", 25, accepts_linear<PanelIsa::kAvx512>, linear<kPanelAvx512>}),
    Register<LinearOp>(
        {"linear/avx512-bf16-packed", 40, accepts_linear<PanelIsa::kAvx512Bf16>, linear<kPanelAvx512Bf16>}),
    Register<LinearOp>({"linear/amx-bf16-packed", 50, accepts_linear<PanelIsa::kAmx>, linear<kPanelAmx>}),
};
const Register<GroupedLinearOp> kGroupedLinear[] = {
    Register<GroupedLinearOp>(
        {"grouped_linear/avx2-packed", 15, accepts_grouped<PanelIsa::kAvx2>, grouped_linear<kPanelAvx2>}),
    Register<GroupedLinearOp>(
        {"grouped_linear/avx512-packed", 25, accepts_grouped<PanelIsa::kAvx512>, grouped_linear<kPanelAvx512>}),
    Register<GroupedLinearOp>({"grouped_linear/avx512-bf16-packed", 40, accepts_grouped<PanelIsa::kAvx512Bf16>,
                               grouped_linear<kPanelAvx512Bf16>}),
    Register<GroupedLinearOp>(
        {"grouped_linear/amx-bf16-packed", 50, accepts_grouped<PanelIsa::kAmx>, grouped_linear<kPanelAmx>}),
};
#else
const Register<LinearOp> kLinear({"linear/neon-packed", 15, accepts_linear<PanelIsa::kNeon>, linear<kPanelNeon>});
const Register<GroupedLinearOp> kGroupedLinear(
    {"grouped_linear/neon-packed", 15, accepts_grouped<PanelIsa::kNeon>, grouped_linear<kPanelNeon>});
#endif

#endif

}  // namespace
}  // namespace evalrun

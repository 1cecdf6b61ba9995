// Kernels of LinearOp and GroupedLinearOp for weights that are packed (packed_weight.h): one piece of work is one panel
// of outputs with all rows that are multiplied with it.
#include <algorithm>
#include <vector>

#include "cpu/panel_pieces.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

#if defined(__x86_64__)

void run_pieces(const PanelKernels& kernels, const std::vector<PanelPiece>& pieces, float* y, int64_t y_stride, ThreadPool& pool) {
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index, int) {
    thread_local Scratch scratch;
    const PanelPiece& piece = pieces[index];
    float* outputs[kPanelRows];
    for (int r = 0; r < piece.row_count; ++r) {
      outputs[r] = y + (piece.output_row + piece.first_row + r) * y_stride + piece.panel * kPanelOutputs;
    }
    kernels.multiply(piece.product(0, piece.row_count, outputs, scratch.get<char>(kPanelScratchBytes)));
  });
}

template <const PanelKernels* kTable>
void linear(const LinearOp& op, ThreadPool& pool) {
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op.x, op.x_stride, op.rows, op.weight.columns, pool);
  pieces.clear();
  add_pieces(&op.weight, op.bias, &operands.groups()[0], 0,
             panels_at_once(panels_of(op.weight.rows), kernels.most_panels, pool.size()), pieces);
  run_pieces(kernels, pieces, op.y, op.y_stride, pool);
}

template <const PanelKernels* kTable>
void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  if (op.slots == 0) return;
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op, pool);
  add_expert_pieces(op, operands.groups(), kernels.most_panels, pool.size(), pieces);
  run_pieces(kernels, pieces, op.y, op.weights[0].rows, pool);
}

template <PanelIsa kIsa>
bool accepts_linear(const LinearOp& op, const CpuFeatures& features) {
  return op.weight.packed != nullptr && takes_packed(op.precision, op.weight.dtype, features, kIsa);
}

template <PanelIsa kIsa>
bool accepts_grouped(const GroupedLinearOp& op, const CpuFeatures& features) {
  return op.experts > 0 && op.weights[0].packed != nullptr &&
         takes_packed(op.precision, op.weights[0].dtype, features, kIsa);
}

const Register<LinearOp> kLinear[] = {
    Register<LinearOp>(
        {"linear/avx512-bf16-packed", 40, accepts_linear<PanelIsa::kAvx512Bf16>, linear<kPanelAvx512Bf16>}),
    Register<LinearOp>({"linear/amx-bf16-packed", 50, accepts_linear<PanelIsa::kAmx>, linear<kPanelAmx>}),
};
const Register<GroupedLinearOp> kGroupedLinear[] = {
    Register<GroupedLinearOp>({"grouped_linear/avx512-bf16-packed", 40, accepts_grouped<PanelIsa::kAvx512Bf16>,
                               grouped_linear<kPanelAvx512Bf16>}),
    Register<GroupedLinearOp>(
        {"grouped_linear/amx-bf16-packed", 50, accepts_grouped<PanelIsa::kAmx>, grouped_linear<kPanelAmx>}),
};

#endif

}  // namespace
}  // namespace evalrun

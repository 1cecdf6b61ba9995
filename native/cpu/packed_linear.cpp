// Kernels of LinearOp and GroupedLinearOp for weights that are packed (packed_weight.h): one piece of work is one panel
// of outputs with all rows that are multiplied with it.
#include <algorithm>
#include <vector>

#include "cpu/panel_operands.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

#if defined(__x86_64__)

struct Piece {
  const Weight* weight;
  const float* bias;
  const RowGroup* group;
  int64_t panel, panel_count;
  int64_t output_row;  // of the group's first
  int first_row, row_count;
};

void run_pieces(const PanelKernels& kernels, const std::vector<Piece>& pieces, float* y, int64_t y_stride, ThreadPool& pool) {
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index, int) {
    thread_local Scratch scratch;
    const Piece& piece = pieces[index];
    const int64_t first = piece.panel * kPanelOutputs;
    float* outputs[kPanelRows];
    for (int r = 0; r < piece.row_count; ++r) outputs[r] = y + (piece.output_row + piece.first_row + r) * y_stride + first;
    kernels.multiply({piece.weight, piece.panel, std::min(piece.panel_count * kPanelOutputs, piece.weight->rows - first),
                      piece.group->data, piece.group->rows, piece.first_row, piece.row_count, outputs,
                      piece.bias == nullptr ? nullptr : piece.bias + first, scratch.get<char>(kPanelScratchBytes)});
  });
}

void add_pieces(const Weight* weight, const float* bias, const RowGroup* group, int64_t output_row, int64_t panels_at_once,
                std::vector<Piece>& pieces) {
  const int64_t panels = panels_of(weight->rows);
  for (int64_t panel = 0; panel < panels; panel += panels_at_once) {
    for (int r = 0; r < group->rows; r += kPanelRows) {
      pieces.push_back({weight, bias, group, panel, std::min(panels_at_once, panels - panel), output_row, r,
                        std::min(kPanelRows, group->rows - r)});
    }
  }
}

// As many panels at once as leave every thread a few pieces.
int64_t panels_at_once(const PanelKernels& kernels, int64_t panels, int threads) {
  return std::clamp<int64_t>(panels / (4 * threads), 1, kernels.most_panels);
}

template <const PanelKernels* kTable>
void linear(const LinearOp& op, ThreadPool& pool) {
  thread_local PanelOperands operands;
  thread_local std::vector<Piece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op.x, op.x_stride, op.rows, op.weight.columns, pool);
  pieces.clear();
  add_pieces(&op.weight, op.bias, &operands.groups()[0], 0, panels_at_once(kernels, panels_of(op.weight.rows), pool.size()), pieces);
  run_pieces(kernels, pieces, op.y, op.y_stride, pool);
}

template <const PanelKernels* kTable>
void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  if (op.slots == 0) return;
  thread_local PanelOperands operands;
  thread_local std::vector<Piece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.precision)];
  operands.pack(kernels, op, pool);
  pieces.clear();
  int64_t panels = 0;
  for (int e = 0; e < op.experts; ++e) panels += operands.groups()[e].rows == 0 ? 0 : panels_of(op.weights[e].rows);
  const int64_t at_once = panels_at_once(kernels, panels, pool.size());
  for (int e = 0; e < op.experts; ++e) {
    add_pieces(&op.weights[e], nullptr, &operands.groups()[e], op.offsets[e], at_once, pieces);
  }
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

// Kernels of GatedLinearOp and GroupedGatedLinearOp for packed weights: the gate and the up product of a few panels and a
// block of rows meet in the cache and leave it as one.
#include <algorithm>
#include <vector>

#include "cpu/panel_pieces.h"
#include "cpu/row_kernels.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

#if defined(__x86_64__) || defined(__aarch64__)

// Rows whose gate and up wait for each other.
constexpr int kBlockRows = 128;
constexpr int64_t kMostPanels = 2;

int64_t most_panels(const PanelKernels& kernels) { return std::min<int64_t>(kernels.most_panels, kMostPanels); }

// up_of(piece) is the piece of the other product. y is contiguous, [rows, columns].
template <class UpOf>
void run_pieces(const PanelKernels& kernels, const std::vector<PanelPiece>& pieces, const UpOf& up_of, float* y, int64_t columns,
                bool near, ThreadPool& pool) {
  const auto body = [&](int64_t index, int) {
    thread_local Scratch scratch, results, expanded;
    const PanelPiece& gate = pieces[index];
    const PanelPiece up = up_of(gate);
    float* memory = results.get<float>(2 * kBlockRows * kMostPanels * kPanelOutputs);
    void* work = scratch.get<char>(kPanelScratchBytes);
    float *gates[kBlockRows], *ups[kBlockRows];
    for (int r = 0; r < kBlockRows; ++r) {
      gates[r] = memory + 2 * r * kMostPanels * kPanelOutputs;
      ups[r] = gates[r] + kMostPanels * kPanelOutputs;
    }
    const int64_t end = gate.panel + gate.panel_count;
    const int64_t most = most_panels(kernels);
    for (int64_t panel = gate.panel; panel < end; panel += most) {
      const int64_t count = std::min(most, end - panel);
      const int64_t first = panel * kPanelOutputs;
      const int64_t outputs = std::min(count * kPanelOutputs, columns - first);
      // What is multiplied next: a piece that is as likely as any other.
      const int64_t later = std::min<int64_t>(index + pool.size(), static_cast<int64_t>(pieces.size()) - 1);
      const char* const after = panel + count < end ? panel_of(*gate.weight, panel + count) : panel_of(*pieces[later].weight, pieces[later].panel);
      const char *gate_panels = nullptr, *up_panels = nullptr;
      if (kernels.expand != nullptr && gate.row_count > kBlockRows) {
        char* const first = expanded.get<char>(2 * kMostPanels * kExpandedPanelBytes);
        char* const second = first + kMostPanels * kExpandedPanelBytes;
        const PanelPart whole{panel, count, 0, gate.row_count};
        if (kernels.expand(gate.product(whole, nullptr, work), first)) gate_panels = first;
        if (kernels.expand(up.product(whole, nullptr, work), second)) up_panels = second;
      }
      for (int row = 0; row < gate.row_count; row += kBlockRows) {
        const PanelPart part{panel, count, row, std::min(kBlockRows, gate.row_count - row)};
        const auto multiply = [&](const PanelPiece& piece, float* const* y, const char* panels, const void* next) {
          PanelProduct product = piece.product(part, y, work);
          product.expanded = panels;
          product.next = next;
          kernels.multiply(product);
        };
        multiply(gate, gates, gate_panels, panel_of(*up.weight, panel));
        multiply(up, ups, up_panels, after);
        for (int r = 0; r < part.rows; ++r) {
          kernels.row_loops->gated_act(gates[r], ups[r], outputs, y + (gate.output_row + gate.first_row + row + r) * columns + first);
        }
      }
    }
  };
  near ? pool.run_near(static_cast<int64_t>(pieces.size()), body) : pool.run(static_cast<int64_t>(pieces.size()), body);
}

template <const PanelKernels* kTable>
void gated(const GatedLinearOp& op, ThreadPool& pool) {
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const LinearOp& gate = op.gate;
  const PanelKernels& kernels = kTable[static_cast<int>(gate.precision)];
  operands.pack(kernels, gate.x, gate.x_stride, gate.rows, gate.weight.columns, pool);
  PanelCut cut(panels_of(gate.weight.rows), most_panels(kernels), pool.size(), pieces);
  const bool near = cut.add_alone(&gate.weight, gate.bias, &operands.groups()[0]);
  const auto up_of = [&](PanelPiece piece) {
    piece.weight = &op.up.weight;
    piece.bias = op.up.bias;
    return piece;
  };
  run_pieces(kernels, pieces, up_of, gate.y, gate.weight.rows, near, pool);
}

template <const PanelKernels* kTable>
void grouped_gated(const GroupedGatedLinearOp& op, ThreadPool& pool) {
  if (op.gate.slots == 0) return;
  thread_local PanelOperands operands;
  thread_local std::vector<PanelPiece> pieces;
  const PanelKernels& kernels = kTable[static_cast<int>(op.gate.precision)];
  operands.pack(kernels, op.gate, pool);
  PanelCut(panels_of(op.gate, operands.groups()), most_panels(kernels), pool.size(), pieces).add(op.gate, operands.groups());
  const auto up_of = [&](PanelPiece piece) {
    piece.weight = op.up.weights + (piece.weight - op.gate.weights);
    return piece;
  };
  run_pieces(kernels, pieces, up_of, op.gate.y, op.gate.weights[0].rows, false, pool);
}

template <PanelIsa kIsa>
bool takes(const Weight& gate, const Weight& up, Precision precision, const CpuFeatures& features) {
  return gate.rows == up.rows && reads_packed(gate, precision, features, kIsa) && reads_packed(up, precision, features, kIsa);
}

template <PanelIsa kIsa>
bool accepts_gated(const GatedLinearOp& op, const CpuFeatures& features) {
  return op.gate.y_stride == op.gate.weight.rows && takes<kIsa>(op.gate.weight, op.up.weight, op.gate.precision, features);
}

template <PanelIsa kIsa>
bool accepts_grouped(const GroupedGatedLinearOp& op, const CpuFeatures& features) {
  return op.gate.experts > 0 && takes<kIsa>(op.gate.weights[0], op.up.weights[0], op.gate.precision, features);
}

#if defined(__x86_64__)
const Register<GatedLinearOp> kGated[] = {
    Register<GatedLinearOp>({"gated_linear/avx2-packed", 15, accepts_gated<PanelIsa::kAvx2>, gated<kPanelAvx2>}),
    Register<GatedLinearOp>({"gated_linear/avx512-packed", 25, accepts_gated<PanelIsa::kAvx512>, gated<kPanelAvx512>}),
    Register<GatedLinearOp>(
        {"gated_linear/avx512-bf16-packed", 40, accepts_gated<PanelIsa::kAvx512Bf16>, gated<kPanelAvx512Bf16>}),
    Register<GatedLinearOp>({"gated_linear/amx-bf16-packed", 50, accepts_gated<PanelIsa::kAmx>, gated<kPanelAmx>}),
};
const Register<GroupedGatedLinearOp> kGroupedGated[] = {
    Register<GroupedGatedLinearOp>(
        {"grouped_gated_linear/avx2-packed", 15, accepts_grouped<PanelIsa::kAvx2>, grouped_gated<kPanelAvx2>}),
    Register<GroupedGatedLinearOp>(
        {"grouped_gated_linear/avx512-packed", 25, accepts_grouped<PanelIsa::kAvx512>, grouped_gated<kPanelAvx512>}),
    Register<GroupedGatedLinearOp>({"grouped_gated_linear/avx512-bf16-packed", 40, accepts_grouped<PanelIsa::kAvx512Bf16>,
                                    grouped_gated<kPanelAvx512Bf16>}),
    Register<GroupedGatedLinearOp>(
        {"grouped_gated_linear/amx-bf16-packed", 50, accepts_grouped<PanelIsa::kAmx>, grouped_gated<kPanelAmx>}),
};
#else
const Register<GatedLinearOp> kGated({"gated_linear/neon-packed", 15, accepts_gated<PanelIsa::kNeon>, gated<kPanelNeon>});
const Register<GroupedGatedLinearOp> kGroupedGated(
    {"grouped_gated_linear/neon-packed", 15, accepts_grouped<PanelIsa::kNeon>, grouped_gated<kPanelNeon>});
#endif

#endif

}  // namespace
}  // namespace evalrun

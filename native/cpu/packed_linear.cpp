// Kernels of LinearOp and GroupedLinearOp for weights that are packed (packed_weight.h): one piece of work is one panel
// of outputs with all rows that are multiplied with it.
#include <algorithm>
#include <vector>

#include "cpu/dot_driver.h"
#include "cpu/packed_weight.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

#if defined(__x86_64__)

// Rows of one piece: the sums of a panel stay in the second-level cache beside it.
constexpr int64_t kPieceRows = 512;

struct Piece {
  const Weight* weight;
  const float* bias;
  int64_t panel;
  int64_t first_row, row_count;
};

void run_pieces(Precision precision, const std::vector<Piece>& pieces, const void* const* packed, float* y,
                int64_t y_stride, ThreadPool& pool) {
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index, int) {
    thread_local Scratch pointers, scratch;
    const Piece& piece = pieces[index];
    const int64_t first = piece.panel * kPanelOutputs;
    float** outputs = pointers.get<float*>(piece.row_count);
    for (int64_t r = 0; r < piece.row_count; ++r) outputs[r] = y + (piece.first_row + r) * y_stride + first;
    multiply_panel(precision,
                   {piece.weight, piece.panel, std::min<int64_t>(kPanelOutputs, piece.weight->rows - first),
                    packed + piece.first_row, outputs, static_cast<int>(piece.row_count),
                    piece.bias == nullptr ? nullptr : piece.bias + first, scratch.get<char>(kPanelScratchBytes)});
  });
}

void add_pieces(const Weight* weight, const float* bias, int64_t first_row, int64_t row_count, std::vector<Piece>& pieces) {
  for (int64_t panel = 0; panel < panels_of(weight->rows); ++panel) {
    for (int64_t r = 0; r < row_count; r += kPieceRows) {
      pieces.push_back({weight, bias, panel, first_row + r, std::min(kPieceRows, row_count - r)});
    }
  }
}

void linear(const LinearOp& op, ThreadPool& pool) {
  thread_local Scratch memory;
  thread_local std::vector<const void*> rows;
  thread_local std::vector<Piece> pieces;
  const DotKernels& dot = kDotAvx512Bf16[static_cast<int>(op.precision)];
  pack_operands(dot, op, memory, rows, pool);
  pieces.clear();
  add_pieces(&op.weight, op.bias, 0, op.rows, pieces);
  run_pieces(op.precision, pieces, rows.data(), op.y, op.y_stride, pool);
}

void grouped_linear(const GroupedLinearOp& op, ThreadPool& pool) {
  if (op.slots == 0) return;
  thread_local Scratch memory;
  thread_local std::vector<const void*> rows;
  thread_local std::vector<Piece> pieces;
  const DotKernels& dot = kDotAvx512Bf16[static_cast<int>(op.precision)];
  const Weight& shape = op.weights[0];
  pack_operands(dot, op, memory, rows, pool);
  pieces.clear();
  for (int e = 0; e < op.experts; ++e) {
    add_pieces(&op.weights[e], nullptr, op.offsets[e], op.offsets[e + 1] - op.offsets[e], pieces);
  }
  run_pieces(op.precision, pieces, rows.data(), op.y, shape.rows, pool);
}

bool accepts_linear(const LinearOp& op, const CpuFeatures& features) {
  return op.weight.packed != nullptr && takes_packed(op.precision, op.weight.dtype, features);
}

bool accepts_grouped(const GroupedLinearOp& op, const CpuFeatures& features) {
  return op.experts > 0 && op.weights[0].packed != nullptr && takes_packed(op.precision, op.weights[0].dtype, features);
}

const Register<LinearOp> kLinear({"linear/avx512-bf16-packed", 40, accepts_linear, linear});
const Register<GroupedLinearOp> kGroupedLinear({"grouped_linear/avx512-bf16-packed", 40, accepts_grouped, grouped_linear});

#endif

}  // namespace
}  // namespace evalrun

#include "cpu/dot_driver.h"

#include <algorithm>
#include <vector>

namespace evalrun {
namespace {

// Below this many elements a second thread costs more than it brings.
constexpr int64_t kElementsWorthSharing = 1 << 15;
// Outputs of a piece: their weights (up to 96 x 4096 bfloat16) stay in the second- or third-level cache while row
// blocks pass.
constexpr int64_t kPieceOutputs = 96;
constexpr int64_t kPieceRows = 256;

struct Piece {
  const DotGroup* group;
  int64_t first_row, row_count;
  int64_t first_output, outputs;
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Enough pieces to keep every thread busy to the end, none narrower than a register tile.
void cut(const DotKernels& kernels, const DotGroup* groups, int64_t group_count, int threads,
         std::vector<Piece>& pieces) {
  pieces.clear();
  int64_t busy_groups = 0;
  for (int64_t g = 0; g < group_count; ++g) busy_groups += groups[g].row_count > 0;
  if (busy_groups == 0) return;
  const int64_t wanted = ceil_div(threads * 4, busy_groups);
  for (int64_t g = 0; g < group_count; ++g) {
    const DotGroup& group = groups[g];
    if (group.row_count == 0) continue;
    const int64_t tile = kernels.output_tile;
    const int64_t outputs = group.weight->rows;
    const int64_t width = std::min(ceil_div(ceil_div(outputs, wanted), tile) * tile, kPieceOutputs);
    const int64_t columns_of_pieces = ceil_div(outputs, width);
    const int64_t row_pieces = std::max(ceil_div(group.row_count, kPieceRows * 4),
                                        std::min(ceil_div(wanted, columns_of_pieces), ceil_div(group.row_count, 16)));
    const int64_t height = ceil_div(group.row_count, row_pieces);
    for (int64_t n = 0; n < outputs; n += width) {
      for (int64_t r = 0; r < group.row_count; r += height) {
        pieces.push_back(
            {&group, group.first_row + r, std::min(height, group.row_count - r), n, std::min(width, outputs - n)});
      }
    }
  }
}

}  // namespace

void share_rows(int64_t rows, int64_t columns, ThreadPool& pool, const std::function<void(int64_t, int)>& body) {
  if (rows * columns < kElementsWorthSharing) {
    for (int64_t row = 0; row < rows; ++row) body(row, 0);
  } else {
    pool.run_near(rows, body);
  }
}

PackedRows pack_rows(const DotKernels& kernels, const float* x, int64_t stride, int64_t rows, int64_t columns,
                     Scratch& memory, ThreadPool& pool) {
  const size_t row_bytes = kernels.packed_bytes(columns);
  char* data = memory.get<char>(row_bytes * rows);
  share_rows(rows, columns, pool,
             [&](int64_t row, int) { kernels.pack_row(x + row * stride, columns, data + row * row_bytes); });
  return {data, row_bytes};
}

void pack_operands(const DotKernels& kernels, const LinearOp& op, Scratch& memory, std::vector<const void*>& rows,
                   ThreadPool& pool) {
  const PackedRows packed = pack_rows(kernels, op.x, op.x_stride, op.rows, op.weight.columns, memory, pool);
  rows.resize(op.rows);
  for (int row = 0; row < op.rows; ++row) rows[row] = packed.row(row);
}

void pack_operands(const DotKernels& kernels, const GroupedLinearOp& op, Scratch& memory, std::vector<const void*>& rows,
                   ThreadPool& pool) {
  const int64_t columns = op.weights[0].columns;
  const int sources = op.gather ? op.slots / op.experts_per_token : op.slots;
  const PackedRows packed = pack_rows(kernels, op.x, columns, sources, columns, memory, pool);
  rows.resize(op.slots);
  for (int slot = 0; slot < op.slots; ++slot) {
    rows[slot] = packed.row(op.gather ? op.order[slot] / op.experts_per_token : slot);
  }
}

void run_dot_groups(const DotKernels& kernels, const DotGroup* groups, int64_t group_count, const void* const* packed,
                    float* y, int64_t y_stride, ThreadPool& pool) {
  thread_local std::vector<Piece> memory;
  std::vector<Piece>& pieces = memory;  // the calling thread's, seen by all
  cut(kernels, groups, group_count, pool.size(), pieces);
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index, int) {
    thread_local Scratch weights, pointers;
    const Piece& piece = pieces[index];
    float** outputs = pointers.get<float*>(piece.row_count);
    for (int64_t r = 0; r < piece.row_count; ++r)
      outputs[r] = y + (piece.first_row + r) * y_stride + piece.first_output;
    const Weight& weight = *piece.group->weight;
    kernels.panel({weight, weight.columns, piece.first_output, piece.outputs, packed + piece.first_row, outputs,
                   static_cast<int>(piece.row_count), piece.group->bias,
                   weights.get<char>(kernels.scratch_bytes(weight.columns))});
  });
}

}  // namespace evalrun

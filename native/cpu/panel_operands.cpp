#include "cpu/panel_operands.h"

#include "cpu/dot_driver.h"

namespace evalrun {
namespace {

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

// Gives each group its memory; groups_ has their rows.
char* PanelOperands::lay_out(const PanelKernels& kernels, int64_t columns) {
  size_t bytes = 0;
  for (const RowGroup& group : groups_) bytes += aligned(kernels.group_bytes(columns, group.rows));
  char* memory = placed_.get<char>(bytes);
  char* next = memory;
  for (RowGroup& group : groups_) {
    group.data = next;
    next += aligned(kernels.group_bytes(columns, group.rows));
  }
  return memory;
}

void PanelOperands::pack(const PanelKernels& kernels, const float* x, int64_t stride, int rows, int64_t columns,
                         ThreadPool& pool) {
  groups_.assign(1, {nullptr, rows});
  char* group = lay_out(kernels, columns);
  const DotKernels& dot = *kernels.rows;
  const size_t row_bytes = dot.packed_bytes(columns);
  char* kept = kernels.copies ? nullptr : converted_.get<char>(row_bytes * rows);
  share_rows(rows, columns, pool, [&](int64_t row, int) {
    thread_local Scratch memory;
    char* converted = kept == nullptr ? memory.get<char>(row_bytes) : kept + row * row_bytes;
    dot.pack_row(x + row * stride, columns, converted);
    kernels.place(converted, columns, static_cast<int>(row), rows, group);
  });
}

void PanelOperands::pack(const PanelKernels& kernels, const GroupedLinearOp& op, ThreadPool& pool) {
  const int64_t columns = op.weights[0].columns;
  groups_.clear();
  group_of_.resize(op.slots);
  for (int e = 0; e < op.experts; ++e) {
    groups_.push_back({nullptr, op.offsets[e + 1] - op.offsets[e]});
    std::fill(group_of_.begin() + op.offsets[e], group_of_.begin() + op.offsets[e + 1], e);
  }
  lay_out(kernels, columns);
  const DotKernels& dot = *kernels.rows;
  const int sources = op.gather ? op.slots / op.experts_per_token : op.slots;
  const PackedRows converted = pack_rows(dot, op.x, columns, sources, columns, converted_, pool);
  share_rows(op.slots, columns, pool, [&](int64_t slot, int) {
    const RowGroup& group = groups_[group_of_[slot]];
    kernels.place(converted.row(op.gather ? op.order[slot] / op.experts_per_token : slot), columns,
                  static_cast<int>(slot - op.offsets[group_of_[slot]]), group.rows, const_cast<void*>(group.data));
  });
}

}  // namespace evalrun

// Cuts products of packed activation rows with weights into pieces for the threads; see dot_kernels.h for the
// arithmetic.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "cpu/dot_kernels.h"
#include "cpu/scratch.h"
#include "cpu/thread_pool.h"

namespace evalrun {

// body(row, thread) for each row: on all threads where there is enough to do.
void share_rows(int64_t rows, int64_t columns, ThreadPool& pool, const std::function<void(int64_t, int)>& body);

// Activation rows converted by DotKernels::pack_row, in the calling thread's memory.
struct PackedRows {
  const char* data;
  size_t row_bytes;
  const void* row(int64_t i) const { return data + i * row_bytes; }
};

PackedRows pack_rows(const DotKernels& kernels, const float* x, int64_t stride, int64_t rows, int64_t columns,
                     Scratch& memory, ThreadPool& pool);

// The packed rows of a product, and of each slot of a grouped one: a gathered row is packed once and used by each of its experts.
void pack_operands(const DotKernels& kernels, const LinearOp& op, Scratch& memory, std::vector<const void*>& rows,
                   ThreadPool& pool);
void pack_operands(const DotKernels& kernels, const GroupedLinearOp& op, Scratch& memory, std::vector<const void*>& rows,
                   ThreadPool& pool);

// Consecutive output rows that share a weight.
struct DotGroup {
  const Weight* weight;
  const float* bias;
  int64_t first_row;
  int64_t row_count;
};

// y[row, :] = packed[row] . W^T (+ bias) for the rows of each group; all weights have N outputs and the same columns.
void run_dot_groups(const DotKernels& kernels, const DotGroup* groups, int64_t group_count, const void* const* packed,
                    float* y, int64_t y_stride, ThreadPool& pool);

}  // namespace evalrun

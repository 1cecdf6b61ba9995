// Rows of activations, converted and put into the order that a panel product reads.
#pragma once
#include <cstdint>
#include <vector>

#include "cpu/panel_kernels.h"
#include "cpu/scratch.h"
#include "cpu/thread_pool.h"

namespace evalrun {

// Consecutive rows of the output that are multiplied with the same weight.
struct RowGroup {
  const void* data;
  int rows;
};

// Kept by a thread between ops: memory is reused.
class PanelOperands {
 public:
  // One group of `rows` rows x [rows, columns] that are `stride` elements apart.
  void pack(const PanelKernels& kernels, const float* x, int64_t stride, int rows, int64_t columns, ThreadPool& pool);
  // A group for each expert; a gathered row is converted once and placed in the group of each of its experts.
  void pack(const PanelKernels& kernels, const GroupedLinearOp& op, ThreadPool& pool);

  const std::vector<RowGroup>& groups() const { return groups_; }

 private:
  char* lay_out(const PanelKernels& kernels, int64_t columns);

  Scratch converted_, placed_;
  std::vector<RowGroup> groups_;
  std::vector<int> group_of_;
};

}  // namespace evalrun

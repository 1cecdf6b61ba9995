// What RopeOp is launched with, alone and beside others.
#pragma once
#include "cuda/kernels/rope.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

// Whether four pairs can be turned at once.
bool rotates_wide(const RopeOp& op);
RopeArguments rope_arguments(const RopeOp& op, bool wide);
inline int64_t rope_items(const RopeArguments& a) { return int64_t{a.rows} * a.steps_of_row; }

}  // namespace evalrun::cuda

// What norms are launched with, alone and in front of others.
#pragma once
#include "cuda/kernels/norm.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

NormArguments norm_arguments(const AddNormOp& op);
// Whether rows can be read four columns at a time. Throws std::invalid_argument where the kernels do not take the weight.
bool norms_wide(const NormArguments& a);
// A product has converted rows of y before and will again: the norm has them at hand. Whole groups of columns, so that there is no padding.
void convert_as_well(Context& ctx, NormArguments& a);

}  // namespace evalrun::cuda

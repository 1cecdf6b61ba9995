// What a conversion into an operand is launched with.
#pragma once
#include "cuda/context.h"
#include "cuda/kernels/operand.cuh"

namespace evalrun::cuda {

ConvertArguments convert_arguments(const Operand& operand);
inline int64_t convert_blocks(const ConvertArguments& in) { return ceil_div(static_cast<int64_t>(in.rows) * in.groups, kConvertWarps); }

}  // namespace evalrun::cuda

// What CombineOp and CombineNormOp are launched with.
#pragma once
#include "cuda/kernels/combine.cuh"

namespace evalrun::cuda {

CombineArguments combine_arguments(const CombineOp& op);
// Whether what is read can be read four columns at a time.
bool combines_wide(const CombineOp& op);

}  // namespace evalrun::cuda

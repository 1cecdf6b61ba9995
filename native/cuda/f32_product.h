// What LinearOp in float32 is launched with, alone and with others.
#pragma once
#include "cuda/kernels/linear_f32.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

F32Product f32_product(const LinearOp& op);

}  // namespace evalrun::cuda

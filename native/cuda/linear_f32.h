// Products in float32 without matrix units: the router's gate in every MoE layer, and whole models with --dtype f32.
//
// For linear.cpp and grouped_linear.cpp, which choose the kernel of an op: these take Precision::kF32 with weights stored as
// float32, bfloat16 or float16. Every output is made in one order, whichever kernel runs and however many rows there are: a chain
// of fused multiply-adds over each 128 columns, and the sum of these in order, then the bias.
#pragma once
#include "cuda/ops.h"

namespace evalrun::cuda {

// Both return the kernel's name, and throw std::invalid_argument for an op that is not theirs.
const char* run_f32(Context& ctx, const LinearOp& op);
const char* run_f32(Context& ctx, const GroupedLinearOp& op);

}  // namespace evalrun::cuda

// The second half of a gated feed-forward's first half, in FP8.
#pragma once
#include <vector>

#include "cuda/context.h"

namespace evalrun::cuda {

// FP8 operands of silu(gate) * up, where gate and up are [rows, columns] of result.key without space between rows. One launch for one or
// two of them.
struct GatedOperand {
  const float* gate;
  const float* up;
  Operand result;
};
void run_gated_operands(Context& ctx, const std::vector<GatedOperand>& pairs);

}  // namespace evalrun::cuda

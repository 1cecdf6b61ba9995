// The activations of a product, converted as its precision says.
#pragma once
#include "cuda/context.h"

namespace evalrun::cuda {

// Rows of `columns` float32 from `x` on, as bfloat16 or as e4m3 codes with scales (see Precision in ops/ops.h; codes
// and scales equal those of the CPU's reference). Converts on ctx.stream unless the step has converted the same matrix
// already. The pointers in the result live until the step ends; its values until an op overwrites x.
Operand linear_operand(Context& ctx, const OperandKey& key);

}  // namespace evalrun::cuda

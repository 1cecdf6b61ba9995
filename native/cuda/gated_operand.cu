// Launches of gated_operand.
#include "cuda/gated_operand.h"

#include <cstdint>
#include <stdexcept>
#include <type_traits>

#include "cuda/kernels/gated_operand.cuh"
#include "cuda/operand_conversion.h"

namespace evalrun::cuda {

// Launches are told apart by the bytes of their arguments.
static_assert(std::has_unique_object_representations_v<GatedPairs>);

void run_gated_operands(Context& ctx, const std::vector<GatedOperand>& pairs) {
  if (pairs.empty() || pairs.size() > kMostGatedPairs) {
    throw std::invalid_argument("gated_operand: one or two pairs of matrices were expected");
  }
  GatedPairs in{};
  in.blocks_of_first = INT64_MAX;
  int64_t blocks = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i == 1) in.blocks_of_first = blocks;
    ConvertArguments gate = convert_arguments(pairs[i].result);
    gate.x = pairs[i].gate;
    if (!aligned_16(pairs[i].gate) || !aligned_16(pairs[i].up)) gate.aligned = 0;
    in.pair[i] = {gate, pairs[i].up};
    blocks += convert_blocks(gate);
  }
  launch(ctx, "gated_operand", gated_operand, dim3(static_cast<unsigned>(blocks)), dim3(32 * kConvertWarps), 0, in);
}

}  // namespace evalrun::cuda

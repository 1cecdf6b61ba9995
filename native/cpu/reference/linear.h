// One output row of a product in the reference definition; shared by Linear, GroupedLinear and LogProbs.
#pragma once
#include <vector>

#include "ops/ops.h"

namespace evalrun {

// An activation row made ready for a product: rounded or quantised as the precision says.
struct Operand {
  std::vector<float> values;  // decoded codes for kFP8
  std::vector<float> scales;  // kFP8: one per 128 columns
};

Operand prepare_operand(const float* x, int64_t columns, Precision precision);

// Dot product of the operand with row n of the weight.
float dot_reference(const Operand& x, const Weight& weight, int64_t n, Precision precision);

}  // namespace evalrun

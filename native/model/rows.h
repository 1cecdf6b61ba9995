// Arrays derived from a step, one entry per row.
#pragma once
#include <vector>

#include "model/model.h"

namespace evalrun {

// Of all rows of a step, or of those that are asked about.
struct Model::Rows {
  int count = 0;
  const int32_t* rope_positions = nullptr;  // [rows] on the device: the angle; one further in an MTP layer, whose rows stand
                                            // for the next token
  const int32_t* slots = nullptr;           // [rows] on the device: page * P + place
  Spans spans;
  std::vector<int32_t> positions;  // place in the sequence
  const int32_t* from = nullptr;  // [rows] on the device, of those that are asked about: which of all they are
};

}  // namespace evalrun

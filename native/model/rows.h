// Arrays derived from a step, one entry per row.
#pragma once
#include <vector>

#include "model/model.h"

namespace evalrun {

struct Model::Rows {
  int count = 0;
  std::vector<int32_t> positions;       // place in the sequence: which cache slot, which keys are visible
  std::vector<int32_t> rope_positions;  // angle; one further in an MTP layer, whose rows stand for the next token
  std::vector<int32_t> slots;           // page * P + place
  const Span* spans = nullptr;
  int span_count = 0;
  const int32_t* page_table = nullptr;
};

}  // namespace evalrun

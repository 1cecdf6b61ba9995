// What packed_avx512bf16.cpp offers to the drivers.
#pragma once
#include "cpu/packed_weight.h"

namespace evalrun {

// A block of 128 columns of an FP8 product.
struct Fp8Block {
  int64_t index;
  int64_t begin;  // its first column
  int64_t pairs;
  size_t scales_at;  // where the scales are in a packed row
  float weight_scale;
  bool last;
};

void multiply_panel_bf16(const PanelProduct& product);
void multiply_panel_fp8(const PanelProduct& product, size_t scales_at);

}  // namespace evalrun

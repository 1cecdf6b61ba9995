// Weights in another storage format, as the definitions in ops/numeric.h have it, bit for bit.
#pragma once
#include <cstdint>

#include "cpu/features.h"
#include "ops/ops.h"

namespace evalrun {

// Rows [first_row, first_row + rows) of a weight, `first_row` a multiple of 128, to `values`, which holds these rows alone.
struct RowsToConvert {
  const Weight* from;
  int64_t first_row, rows;
};

// Block scales applied, rounded to nearest even.
void convert_to_bf16(const RowsToConvert& part, uint16_t* values, const CpuFeatures& features);
// One scale per 128x128 block, amax / 448 (at least 1e-12 / 448), ragged edges included: `scales` holds those of these rows alone,
// which are at most 128. `from` is not e4m3.
void convert_to_e4m3(const RowsToConvert& part, uint8_t* codes, float* scales, const CpuFeatures& features);

}  // namespace evalrun

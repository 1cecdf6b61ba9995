// What convert_avx2.cpp, convert_avx512.cpp and convert_neon.cpp offer to convert_weight.cpp: as dot_kernels.h, the border between files compiled for
// an instruction set and the driver.
#pragma once
#include "cpu/convert_weight.h"

namespace evalrun {

struct ConvertKernels {
  void (*to_bf16)(const RowsToConvert& part, uint16_t* values);
  void (*to_e4m3)(const RowsToConvert& part, uint8_t* codes, float* scales);
};

extern const ConvertKernels kConvertAvx2;
extern const ConvertKernels kConvertAvx512;
extern const ConvertKernels kConvertNeon;

}  // namespace evalrun

// The choice of the conversion, and the scalar one, which judges the others.
#include "cpu/convert_weight.h"

#include <algorithm>
#include <cmath>

#include "cpu/convert_kernels.h"
#include "ops/numeric.h"

namespace evalrun {
namespace {

void to_bf16(const RowsToConvert& part, uint16_t* values) {
  const int64_t columns = part.from->columns;
  for (int64_t r = 0; r < part.rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) values[r * columns + c] = float_to_bf16(load_weight(*part.from, part.first_row + r, c));
  }
}

void to_e4m3(const RowsToConvert& part, uint8_t* codes, float* scales) {
  const int64_t columns = part.from->columns;
  for (int64_t begin = 0; begin < columns; begin += kQuantBlock) {
    const int64_t end = std::min<int64_t>(begin + kQuantBlock, columns);
    float amax = 1e-12f;
    for (int64_t r = 0; r < part.rows; ++r) {
      for (int64_t c = begin; c < end; ++c) amax = std::max(amax, std::fabs(load_weight(*part.from, part.first_row + r, c)));
    }
    const float scale = amax / 448.0f;
    scales[begin / kQuantBlock] = scale;
    for (int64_t r = 0; r < part.rows; ++r) {
      for (int64_t c = begin; c < end; ++c) {
        codes[r * columns + c] = float_to_e4m3(load_weight(*part.from, part.first_row + r, c) / scale);
      }
    }
  }
}

const ConvertKernels& kernels_of(const CpuFeatures& features) {
  static const ConvertKernels scalar = {to_bf16, to_e4m3};
#if defined(__x86_64__)
  if (features.avx512) return kConvertAvx512;
  if (features.avx2) return kConvertAvx2;
#elif defined(__aarch64__)
  if (features.neon) return kConvertNeon;
#endif
  return scalar;
}

}  // namespace

void convert_to_bf16(const RowsToConvert& part, uint16_t* values, const CpuFeatures& features) {
  kernels_of(features).to_bf16(part, values);
}

void convert_to_e4m3(const RowsToConvert& part, uint8_t* codes, float* scales, const CpuFeatures& features) {
  kernels_of(features).to_e4m3(part, codes, scales);
}

}  // namespace evalrun

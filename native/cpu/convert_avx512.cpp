// Conversion of weights for AVX-512.
#include "cpu/convert_tile.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

const ConvertKernels kConvertAvx512 = ConvertTile<Avx512>::kernels();

}  // namespace evalrun

// Conversion of weights for AVX2.
#include "cpu/convert_tile.h"
#include "cpu/simd_avx2.h"

namespace evalrun {

const ConvertKernels kConvertAvx2 = ConvertTile<Avx2>::kernels();

}  // namespace evalrun

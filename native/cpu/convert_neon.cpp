// Conversion of weights for NEON.
#include "cpu/convert_tile.h"
#include "cpu/simd_neon.h"

namespace evalrun {

const ConvertKernels kConvertNeon = ConvertTile<Neon>::kernels();

}  // namespace evalrun

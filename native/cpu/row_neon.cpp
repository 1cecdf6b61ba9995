// Row loops of row_kernels.h for NEON.
#include "cpu/row_tile.h"
#include "cpu/simd_neon.h"

namespace evalrun {

const RowKernels kRowNeon = RowTile<Neon>::kernels();

}  // namespace evalrun

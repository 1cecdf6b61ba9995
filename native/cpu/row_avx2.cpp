// Row loops of row_kernels.h for AVX2.
#include "cpu/row_tile.h"
#include "cpu/simd_avx2.h"

namespace evalrun {

const RowKernels kRowAvx2 = RowTile<Avx2>::kernels();

}  // namespace evalrun

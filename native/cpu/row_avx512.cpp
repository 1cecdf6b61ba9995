// Row loops of row_kernels.h for AVX-512.
#include "cpu/row_tile.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

const RowKernels kRowAvx512 = RowTile<Avx512>::kernels();

}  // namespace evalrun

// Attention blocks of block_kernels.h for AVX2 with FMA.
#include "cpu/block_tile.h"
#include "cpu/simd_avx2.h"

namespace evalrun {

// 16 registers: 6 x 2 sums, 2 vectors of B, 1 operand of A.
const BlockKernels kBlockAvx2[2] = {
    BlockTile<FloatBlock<Avx2, false, 6, 2>>::kernels(),
    BlockTile<FloatBlock<Avx2, true, 6, 2>>::kernels(),
};

}  // namespace evalrun

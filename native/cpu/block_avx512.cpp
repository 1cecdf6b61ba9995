// Attention blocks of block_kernels.h for AVX-512 in float32.
#include "cpu/block_tile.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

// 32 registers: 6 x 4 sums, 4 vectors of B, 1 operand of A.
const BlockKernels kBlockAvx512[2] = {
    BlockTile<FloatBlock<Avx512, false, 6, 4>>::kernels(),
    BlockTile<FloatBlock<Avx512, true, 6, 4>>::kernels(),
};

}  // namespace evalrun

// Attention blocks of block_kernels.h for NEON.
#include "cpu/block_tile.h"
#include "cpu/simd_neon.h"

namespace evalrun {

// 32 registers: 20 of sums, 4 of B, an operand of A.
const BlockKernels kBlockNeon[2] = {
    BlockTile<FloatBlock<Neon, false, 5, 2>>::kernels(),
    BlockTile<FloatBlock<Neon, true, 5, 2>>::kernels(),
};

}  // namespace evalrun

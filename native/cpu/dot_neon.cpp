// Dot products of dot_kernels.h for NEON.
#include "cpu/dot_tile.h"
#include "cpu/simd_neon.h"

namespace evalrun {

// 32 registers: 4 x 2 sums take 16, weights 4, an activation 2. FP8 holds two sums of each output.
const DotKernels kDotNeon[3] = {
    DotTile<FloatProduct<Neon, Precision::kF32, 4, 2>>::kernels(),
    DotTile<FloatProduct<Neon, Precision::kBF16, 4, 2>>::kernels(),
    DotTile<FloatProduct<Neon, Precision::kFP8, 2, 2>>::kernels(),
};

}  // namespace evalrun

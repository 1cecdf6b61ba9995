// Dot products of dot_kernels.h for AVX2 with FMA.
#include "cpu/dot_tile.h"
#include "cpu/simd_avx2.h"

namespace evalrun {

// 16 registers: 4 x 3 sums, 3 weights, 1 activation. FP8 holds two sums of each output.
const DotKernels kDotAvx2[3] = {
    DotTile<FloatProduct<Avx2, Precision::kF32, 4, 3>>::kernels(),
    DotTile<FloatProduct<Avx2, Precision::kBF16, 4, 3>>::kernels(),
    DotTile<FloatProduct<Avx2, Precision::kFP8, 2, 3>>::kernels(),
};

}  // namespace evalrun

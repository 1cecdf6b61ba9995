// Dot products of dot_kernels.h for AVX-512 in float32.
#include "cpu/dot_tile.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

// 32 registers: 4 x 6 sums, 6 weights, 1 activation. FP8 holds two sums of each output.
const DotKernels kDotAvx512[3] = {
    DotTile<FloatProduct<Avx512, Precision::kF32, 4, 6>>::kernels(),
    DotTile<FloatProduct<Avx512, Precision::kBF16, 4, 6>>::kernels(),
    DotTile<FloatProduct<Avx512, Precision::kFP8, 4, 3>>::kernels(),
};

}  // namespace evalrun

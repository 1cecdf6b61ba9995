// Products of packed weights with AVX-512 in float32: register tiles of 12 rows x 32 outputs.
#include "cpu/packed_float.h"
#include "cpu/row_kernels.h"
#include "cpu/simd_avx512.h"

namespace evalrun {

const PanelKernels kPanelAvx512[3] = {
    FloatPanels<Avx512, false, 12, 2>::kernels(&kDotAvx512[0], &kRowAvx512),
    FloatPanels<Avx512, false, 12, 2>::kernels(&kDotAvx512[1], &kRowAvx512),
    FloatPanels<Avx512, true, 12, 2>::kernels(&kDotAvx512[2], &kRowAvx512),
};

}  // namespace evalrun

// Products of packed weights with AVX2 and FMA: register tiles of 6 rows x 16 outputs.
#include "cpu/packed_float.h"
#include "cpu/row_kernels.h"
#include "cpu/simd_avx2.h"

namespace evalrun {

const PanelKernels kPanelAvx2[3] = {
    FloatPanels<Avx2, false, 6, 2>::kernels(&kDotAvx2[0], &kRowAvx2),
    FloatPanels<Avx2, false, 6, 2>::kernels(&kDotAvx2[1], &kRowAvx2),
    FloatPanels<Avx2, true, 6, 2>::kernels(&kDotAvx2[2], &kRowAvx2),
};

}  // namespace evalrun

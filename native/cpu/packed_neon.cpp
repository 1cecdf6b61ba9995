// Products of packed weights with NEON: register tiles of 5 rows x 16 outputs.
#include "cpu/packed_float.h"
#include "cpu/row_kernels.h"
#include "cpu/simd_neon.h"

namespace evalrun {

// 32 registers: 20 of sums, 8 of two columns' weights, the rest of activations. Of a sixth row's sums half were kept in memory.
const PanelKernels kPanelNeon[3] = {
    FloatPanels<Neon, false, 5, 2>::kernels(&kDotNeon[0], &kRowNeon),
    FloatPanels<Neon, false, 5, 2>::kernels(&kDotNeon[1], &kRowNeon),
    FloatPanels<Neon, true, 5, 2>::kernels(&kDotNeon[2], &kRowNeon),
};

}  // namespace evalrun

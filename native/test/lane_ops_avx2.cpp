#include "cpu/simd_avx2.h"
#include "test/lane_ops.h"

namespace evalrun::test {

const LaneTable kLaneOpsAvx2 = lane_table<Avx2>();

}  // namespace evalrun::test

#include "cpu/simd_avx512.h"
#include "test/lane_ops.h"

namespace evalrun::test {

const LaneTable kLaneOpsAvx512 = lane_table<Avx512>();

}  // namespace evalrun::test

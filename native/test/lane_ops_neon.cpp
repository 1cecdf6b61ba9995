#include "cpu/simd_neon.h"
#include "test/lane_ops.h"

namespace evalrun::test {

const LaneTable kLaneOpsNeon = lane_table<Neon>();

}  // namespace evalrun::test

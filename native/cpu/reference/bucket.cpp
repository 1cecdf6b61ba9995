// Reference kernel of BucketOp: a counting sort.
#include <vector>

#include "ops/registry.h"

namespace evalrun {
namespace {

void bucket(const BucketOp& op, ThreadPool&) {
  const int pairs = op.rows * op.experts_per_token;
  for (int e = 0; e <= op.experts; ++e) op.offsets[e] = 0;
  for (int pair = 0; pair < pairs; ++pair) ++op.offsets[op.chosen[pair] + 1];
  for (int e = 0; e < op.experts; ++e) op.offsets[e + 1] += op.offsets[e];
  std::vector<int32_t> next(op.offsets, op.offsets + op.experts);
  for (int pair = 0; pair < pairs; ++pair) {
    const int32_t slot = next[op.chosen[pair]]++;
    op.order[slot] = pair;
    op.slot_of[pair] = slot;
  }
}

const Register<BucketOp> kBucket({"bucket/reference", 0, accepts_all<BucketOp>, bucket});

}  // namespace
}  // namespace evalrun

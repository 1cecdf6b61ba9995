// LogProbsOp with the size of its scratch memory in the caller's hand.
#pragma once
#include "cuda/ops.h"

namespace evalrun::cuda {

// As run(), with about `logits_at_once` logits of an f32 head in memory at a time: results do not depend on it.
const char* run_log_probs(Context& ctx, const LogProbsOp& op, int64_t logits_at_once);

}  // namespace evalrun::cuda

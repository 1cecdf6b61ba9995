// SampleOp.
#include "cuda/kernels/sample.cuh"

#include <algorithm>

#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const SampleOp& op) {
  if (op.rows == 0) return "simt";
  // A row at a time on each multiprocessor bounds the memory, and is all that they can do at once.
  const int blocks = std::min(op.rows, ctx.multiprocessors);
  uint64_t* memory = ctx.scratch.take<uint64_t>(static_cast<int64_t>(blocks) * op.vocab, "candidates of the sampled rows");
  launch(ctx, "sample", sample_kernel, dim3(blocks), dim3(kSampleThreads), static_cast<int>(sizeof(SampleShared)), op, memory);
  return "simt";
}

}  // namespace evalrun::cuda

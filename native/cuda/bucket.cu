// BucketOp.
#include "cuda/kernels/bucket.cuh"

#include <stdexcept>

#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const BucketOp& op) {
  if (op.experts < 1 || op.experts > kMaxExperts) {
    throw std::invalid_argument("bucket: 1 to 512 experts were expected, found " + std::to_string(op.experts));
  }
  const int64_t pairs = static_cast<int64_t>(op.rows) * op.experts_per_token;
  int bits = 1;
  while (1 << bits <= op.experts) ++bits;  // and for the number that no expert has
  const int shared = bucket_shared_ints(op.experts) * static_cast<int>(sizeof(int32_t));
  const dim3 block(kBucketThreads);
  if (pairs <= kChunk) {
    launch(ctx, "bucket", bucket_one_chunk, dim3(1), block, shared, op, pairs, bits);
    return "one-chunk";
  }
  const int chunks = static_cast<int>(ceil_div(pairs, kChunk));
  int32_t* counts = ctx.scratch.take<int32_t>(static_cast<int64_t>(chunks) * op.experts, "bucket's counts");
  launch(ctx, "bucket_count", bucket_count, dim3(chunks), block, shared, op, pairs, bits, counts);
  launch(ctx, "bucket_scan", bucket_scan, dim3(1), block, shared, op, chunks, counts);
  launch(ctx, "bucket_place", bucket_place, dim3(chunks), block, shared, op, pairs, bits, counts);
  return "chunks";
}

}  // namespace evalrun::cuda

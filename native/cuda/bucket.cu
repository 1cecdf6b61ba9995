// BucketOp.
#include "cuda/kernels/bucket.cuh"

#include <stdexcept>

#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

constexpr int64_t kMaxPairs = int64_t{1} << 30;

}  // namespace

const char* run(Context& ctx, const BucketOp& op) {
  if (op.experts < 1 || op.experts > kMaxExperts) {
    throw std::invalid_argument("bucket: 1 to 512 experts were expected, found " + std::to_string(op.experts));
  }
  const int64_t pairs = static_cast<int64_t>(op.rows) * op.experts_per_token;
  if (pairs > kMaxPairs) {
    throw std::invalid_argument("bucket: " + std::to_string(pairs) + " pairs of a row and an expert; at most 2^30 are supported");
  }
  int bits = 1;
  while (1 << bits <= op.experts) ++bits;
  const int chunks = static_cast<int>(ceil_div(pairs, kChunk));
  const BucketArguments arguments{op.chosen, op.order,   op.offsets, op.slot_of, static_cast<int>(pairs),
                                  op.experts, bits, chunks};
  const int shared = bucket_shared_ints(op.experts) * static_cast<int>(sizeof(int32_t));
  const dim3 block(kBucketThreads);
  if (chunks <= 1) {
    launch(ctx, "bucket", bucket_one_chunk, dim3(1), block, shared, arguments);
    return "one-chunk";
  }
  int32_t* counts = ctx.scratch.take<int32_t>(static_cast<int64_t>(chunks) * op.experts, "the counts of bucket");
  launch(ctx, "bucket_count", bucket_count, dim3(chunks), block, shared, arguments, counts);
  launch(ctx, "bucket_scan", bucket_scan, dim3(1), block, shared, arguments, counts);
  launch(ctx, "bucket_place", bucket_place, dim3(chunks), block, shared, arguments, counts);
  return "chunks";
}

}  // namespace evalrun::cuda

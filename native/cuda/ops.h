// The op catalogue on a GPU: one function per op, which launches its kernels on ctx.stream and returns the kernel's name for the
// run's provenance ("mma", "simt", ...). Pointers in the ops are device pointers but for the `host_` ones of Spans. Weights are as
// DeviceWeights holds them: rows padded with zeros to kRowBytes (Weight::stride). A matrix of its own begins at a multiple of 256 bytes,
// an expert's where the one before ends: at a multiple of kRowBytes, its scales at one of 4. A GroupedLinearOp's weights are equally
// spaced, weights[e].data = weights[0].data + e * (weights[1].data - weights[0].data), scales likewise.
//
// The rule of ops/ops.h holds: an output row is a function of its own input row(s) alone, bit for bit. No atomics on floating
// point values, no split of a reduction that depends on the number of rows.
#pragma once
#include "cuda/context.h"
#include "model/device.h"
#include "ops/ops.h"

namespace evalrun::cuda {

// embed.cu, norm.cu, rope.cu, store_kv.cu, gated_act.cu, rows.cu
const char* run(Context& ctx, const EmbedOp& op);
const char* run(Context& ctx, const RmsNormOp& op);
const char* run(Context& ctx, const AddNormOp& op);
const char* run(Context& ctx, const RopeOp& op);
const char* run(Context& ctx, const StoreKvOp& op);
const char* run(Context& ctx, const GatedActOp& op);
const char* run(Context& ctx, const TakeRowsOp& op);
// route.cu, bucket.cu, combine.cu
const char* run(Context& ctx, const RouteOp& op);
const char* run(Context& ctx, const BucketOp& op);
const char* run(Context& ctx, const CombineOp& op);
// linear.cpp, grouped_linear.cpp
const char* run(Context& ctx, const LinearOp& op);
const char* run(Context& ctx, const GroupedLinearOp& op);
// rows.cu. False, and nothing done, where the ranges cannot be copied all at once: ranges of one place begin at the same address, or
// do not overlap.
bool copy_ranges(Context& ctx, const std::vector<CopyRange>& ranges);
// gated_linear.cpp. Null, and nothing done, where there are no kernels of their own; otherwise gate.y has not what it should, and only the next
// product with its rows as x does, from its operand.
const char* run_fused(Context& ctx, const GatedLinearOp& op);
const char* run_fused(Context& ctx, const GroupedGatedLinearOp& op);
// The same of products side by side, with the gated ones' results as above. Null, and nothing done, where each is better off alone.
const char* run_fused(Context& ctx, const LinearsOp& op);
const char* run_fused(Context& ctx, const MoeGatedOp& op);
const char* run_fused(Context& ctx, const MoeLinearOp& op);
// route.cu. Null, and nothing done, where the rows are too many for a block.
const char* run_fused(Context& ctx, const RouteBucketOp& op);
// norm_route.cu. Null, and nothing done, where the rows are too many for one launch, or the experts.
const char* run_fused(Context& ctx, const NormRouteOp& op);
// norm.cu. Null, and nothing done, where rows are not read four columns at a time; otherwise combine.y is not written.
const char* run_fused(Context& ctx, const CombineNormOp& op);
// store_latent.cu. Null, and nothing done, where there is no kernel for the three that store.
const char* run_fused(Context& ctx, const StoreLatentOp& op);
// store_kv.cu. Null, and nothing done, where rows are not read eight columns at a time.
const char* run_fused(Context& ctx, const StoreKeysOp& op);
// latent_attention.cu. Null, and nothing done, where a step does not only decode, or not on the matrix units.
const char* run_fused(Context& ctx, const AttendLatentOp& op);
// log_probs.cu, sample.cu. LogProbsOp's out and best, and SampleOp's out, are device memory as well.
const char* run(Context& ctx, const LogProbsOp& op);
const char* run(Context& ctx, const SampleOp& op);
// attention.cpp, latent_attention.cu
const char* run(Context& ctx, const AttentionOp& op);
const char* run(Context& ctx, const LatentAttentionOp& op);

}  // namespace evalrun::cuda

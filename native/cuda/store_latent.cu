// StoreLatentOp in one kernel, where it can be.
#include "cuda/store_latent.h"

#include <stdexcept>

#include "cuda/kernels/store_latent.cuh"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"
#include "cuda/rope.h"

namespace evalrun::cuda {

std::optional<StoreLatentArguments> store_latent_arguments(const StoreLatentOp& op) {
  const RmsNormOp& norm = op.norm;
  const RopeOp& rope = op.rope;
  const StoreKvOp& store = op.store;
  const bool whole = norm.x == norm.y && norm.x == rope.x && norm.x == store.k && store.v == store.k + norm.columns && store.latent &&
                     rope.heads == 1 && rope.offset == norm.columns && rope.rope_dim == store.v_columns && store.k_columns == norm.columns &&
                     store.v_stride == store.k_stride && rope.x_stride == store.k_stride && norm.x_stride == store.k_stride;
  if (!whole) throw std::invalid_argument("store_latent: a norm, a rotation and a store of the same rows were expected");
  // Groups of four columns, of the cache as well.
  const bool wide = norm.columns <= 32 * kLatentGroups * kGroup && wide_rows(norm.x, norm.x_stride, norm.columns) &&
                    aligned_16(norm.weight.data) && norm.weight.dtype != DType::kF8E4M3 && aligned_16(store.k_cache) &&
                    (norm.columns + rope.rope_dim) % kGroup == 0;
  if (!wide || (store.kv_dtype != DType::kF32 && store.kv_dtype != DType::kBF16)) return std::nullopt;
  return StoreLatentArguments{norm.x, norm.x_stride, norm.weight.data, rope.positions, rope.cos_sin, store.slots, store.k_cache,
                              norm.rows, static_cast<int>(norm.columns), rope.rope_dim, rope.interleaved,
                              static_cast<int>(norm.weight.dtype), static_cast<int>(store.kv_dtype), norm.round_normalized, norm.eps};
}

const char* run_fused(Context& ctx, const StoreLatentOp& op) {
  const std::optional<StoreLatentArguments> arguments = store_latent_arguments(op);
  if (!arguments.has_value()) return nullptr;
  RopeArguments queries{};
  const bool beside = op.queries.rows > 0 && rotates_wide(op.queries);
  for (const Range& range : outputs_of(op.queries)) ctx.operands.invalidate(range.begin, range.bytes);
  if (beside) queries = rope_arguments(op.queries, true);
  const int64_t blocks = store_latent_blocks(arguments->rows) + ceil_div(rope_items(queries), kLatentThreads);
  launch(ctx, "store_latent", store_latent, dim3(static_cast<unsigned>(blocks)), dim3(kLatentThreads), 0, *arguments, queries);
  if (op.queries.rows > 0 && !beside) run(ctx, op.queries);
  return "simt";
}

}  // namespace evalrun::cuda

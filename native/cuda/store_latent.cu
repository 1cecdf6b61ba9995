// StoreLatentOp in one kernel, where it can be.
#include <stdexcept>

#include "cuda/kernels/store_latent.cuh"
#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run_fused(Context& ctx, const StoreLatentOp& op) {
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
  if (!wide || (store.kv_dtype != DType::kF32 && store.kv_dtype != DType::kBF16)) return nullptr;
  const StoreLatentArguments arguments{norm.x, norm.x_stride, norm.weight.data, rope.positions, rope.cos_sin, store.slots, store.k_cache,
                                       norm.rows, static_cast<int>(norm.columns), rope.rope_dim, rope.interleaved,
                                       static_cast<int>(norm.weight.dtype), static_cast<int>(store.kv_dtype), norm.round_normalized, norm.eps};
  launch(ctx, "store_latent", store_latent, dim3(static_cast<unsigned>(ceil_div(norm.rows, kLatentWarps))), dim3(32 * kLatentWarps), 0,
         arguments);
  return "simt";
}

}  // namespace evalrun::cuda

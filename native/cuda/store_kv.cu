// StoreKvOp into the layouts of kv_layout.h.
#include <stdexcept>

#include "cuda/kernels/store_kv.cuh"
#include "cuda/ops.h"

namespace evalrun::cuda {

const char* run(Context& ctx, const StoreKvOp& op) {
  if (op.kv_dtype != DType::kF32 && op.kv_dtype != DType::kBF16) {
    throw std::invalid_argument("store_kv: a cache of float32 or bfloat16 was expected");
  }
  const bool wide = op.k_columns % kStoreColumns == 0 && op.v_columns % kStoreColumns == 0 &&
                    wide_rows(op.k, op.k_stride, op.k_columns) && wide_rows(op.v, op.v_stride, op.v_columns) &&
                    aligned_16(op.k_cache) && (op.latent || aligned_16(op.v_cache));
  const int k_steps = static_cast<int>(ceil_div(op.k_columns, kStoreColumns));
  const int v_steps = static_cast<int>(ceil_div(op.v_columns, kStoreColumns));
  const int64_t items = static_cast<int64_t>(op.rows) * op.heads * (k_steps + v_steps);
  const auto kernel = wide ? store_kv_kernel<true> : store_kv_kernel<false>;
  const StoreArguments arguments{op.k,       op.k_stride, op.v,         op.v_stride,  op.slots, op.k_cache, op.v_cache,
                                 op.rows,    op.heads,    op.k_columns, op.v_columns, k_steps,  v_steps,    op.latent,
                                 static_cast<int>(op.kv_dtype)};
  launch(ctx, "store_kv", kernel, dim3(static_cast<unsigned>(ceil_div(items, kStoreThreads))), dim3(kStoreThreads), 0,
         arguments);
  return "simt";
}

}  // namespace evalrun::cuda

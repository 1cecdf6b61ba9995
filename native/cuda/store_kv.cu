// StoreKvOp and StoreKeysOp into the layouts of kv_layout.h.
#include <stdexcept>

#include "cuda/kernels/store_keys.cuh"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"
#include "cuda/rope.h"

namespace evalrun::cuda {
namespace {

// Whether kStoreColumns columns can be read and written at once.
bool stores_wide(const StoreKvOp& op) {
  return op.k_columns % kStoreColumns == 0 && op.v_columns % kStoreColumns == 0 && wide_rows(op.k, op.k_stride, op.k_columns) &&
         wide_rows(op.v, op.v_stride, op.v_columns) && aligned_16(op.k_cache) && (op.latent || aligned_16(op.v_cache));
}

StoreArguments store_arguments(const StoreKvOp& op) {
  if (op.kv_dtype != DType::kF32 && op.kv_dtype != DType::kBF16) {
    throw std::invalid_argument("store_kv: a cache of float32 or bfloat16 was expected");
  }
  const int k_steps = static_cast<int>(ceil_div(op.k_columns, kStoreColumns));
  const int v_steps = static_cast<int>(ceil_div(op.v_columns, kStoreColumns));
  return {op.k,    op.k_stride, op.v,         op.v_stride,  op.slots, op.k_cache, op.v_cache,
          op.rows, op.heads,    op.k_columns, op.v_columns, k_steps,  v_steps,    op.latent,
          static_cast<int>(op.kv_dtype)};
}

int64_t store_blocks(const StoreArguments& a) {
  return ceil_div(static_cast<int64_t>(a.rows) * a.heads * (a.k_steps + a.v_steps), kStoreThreads);
}

}  // namespace

const char* run(Context& ctx, const StoreKvOp& op) {
  const StoreArguments arguments = store_arguments(op);
  const auto kernel = stores_wide(op) ? store_kv_kernel<true> : store_kv_kernel<false>;
  launch(ctx, "store_kv", kernel, dim3(static_cast<unsigned>(store_blocks(arguments))), dim3(kStoreThreads), 0, arguments);
  return "simt";
}

const char* run_fused(Context& ctx, const StoreKeysOp& op) {
  const RopeOp& keys = op.keys;
  const StoreKvOp& store = op.store;
  if (store.latent || keys.x != store.k || keys.x_stride != store.k_stride || keys.rows != store.rows || keys.heads != store.heads ||
      keys.head_stride != store.k_columns) {
    throw std::invalid_argument("store_keys: the keys that are turned are not those that are stored");
  }
  if (!stores_wide(store) || keys.offset != 0 || keys.rope_dim % 8 != 0 || !rotates_wide(keys)) return nullptr;
  const StoreArguments arguments = store_arguments(store);
  RopeArguments queries{};
  const bool beside = op.queries.rows > 0 && rotates_wide(op.queries);
  for (const Range& range : outputs_of(op.queries)) ctx.operands.invalidate(range.begin, range.bytes);
  if (beside) queries = rope_arguments(op.queries, true);
  const int64_t blocks = store_blocks(arguments) + ceil_div(rope_items(queries), kRopeThreads);
  launch(ctx, "store_keys", store_keys<kStoreThreads>, dim3(static_cast<unsigned>(blocks)), dim3(kStoreThreads), 0, arguments,
         rope_arguments(keys, true), queries);
  if (op.queries.rows > 0 && !beside) run(ctx, op.queries);
  return "simt";
}

}  // namespace evalrun::cuda

// Reference kernel of StoreKvOp; its page layouts are written down in ops.h.
#include "ops/numeric.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

void store(void* cache, DType dtype, int64_t index, float value) {
  if (dtype == DType::kF32) {
    static_cast<float*>(cache)[index] = value;
  } else {
    static_cast<uint16_t*>(cache)[index] = float_to_bf16(value);
  }
}

void store_kv(const StoreKvOp& op, ThreadPool& pool) {
  pool.run_near(op.rows, [&](int64_t row, int) {
    const int64_t page = op.slots[row] / kPageTokens;
    const int64_t place = op.slots[row] % kPageTokens;
    const float* k = op.k + row * op.k_stride;
    const float* v = op.v + row * op.v_stride;
    if (op.latent) {
      const int64_t columns = op.k_columns + op.v_columns;
      const int64_t base = (page * kPageTokens + place) * columns;
      for (int c = 0; c < op.k_columns; ++c) store(op.k_cache, op.kv_dtype, base + c, k[c]);
      for (int c = 0; c < op.v_columns; ++c) store(op.k_cache, op.kv_dtype, base + op.k_columns + c, v[c]);
      return;
    }
    for (int head = 0; head < op.heads; ++head) {
      const int64_t block = page * op.heads + head;
      for (int c = 0; c < op.k_columns; ++c) {
        store(op.k_cache, op.kv_dtype, (block * op.k_columns + c) * kPageTokens + place, k[head * op.k_columns + c]);
      }
      for (int c = 0; c < op.v_columns; ++c) {
        store(op.v_cache, op.kv_dtype, (block * kPageTokens + place) * op.v_columns + c, v[head * op.v_columns + c]);
      }
    }
  });
}

const Register<StoreKvOp> kStoreKv({"store_kv/reference", 0, accepts_all<StoreKvOp>, store_kv});

}  // namespace
}  // namespace evalrun

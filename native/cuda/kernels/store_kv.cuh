// Storing the keys and values, or the latents, of a step's tokens into the pages of kv_layout.h.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/kv_layout.h"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kStoreThreads = 256;
// Columns that one thread stores: 16 bytes of bfloat16.
constexpr int kStoreColumns = 8;

// StoreKvOp for a kernel; a head is k_steps threads for its key and v_steps for its value.
struct StoreArguments {
  const float* k;
  int64_t k_stride;
  const float* v;
  int64_t v_stride;
  const int32_t* slots;
  void* k_cache;
  void* v_cache;
  int rows, heads, k_columns, v_columns, k_steps, v_steps, latent, kv_type;
};
static_assert(sizeof(StoreArguments) == 7 * 8 + 8 * 4, "a launch's arguments have no padding");

// Up to kStoreColumns columns of one head of one token; `left` of them exist.
template <bool kWide>
__device__ __forceinline__ void store_columns(float4 low, float4 high, void* cache, DType type, int64_t index, int left) {
  if (type == DType::kF32) {
    float* to = static_cast<float*>(cache) + index;
    store_group<kWide>(to, left, low);
    store_group<kWide>(to + kGroup, left - kGroup, high);
    return;
  }
  uint16_t* to = static_cast<uint16_t*>(cache) + index;
  if (kWide) {
    *reinterpret_cast<uint4*>(to) =
        make_uint4(pack_bf16(low.x, low.y), pack_bf16(low.z, low.w), pack_bf16(high.x, high.y), pack_bf16(high.z, high.w));
    return;
  }
  if (left > 0) to[0] = to_bf16(low.x);
  if (left > 1) to[1] = to_bf16(low.y);
  if (left > 2) to[2] = to_bf16(low.z);
  if (left > 3) to[3] = to_bf16(low.w);
  if (left > 4) to[4] = to_bf16(high.x);
  if (left > 5) to[5] = to_bf16(high.y);
  if (left > 6) to[6] = to_bf16(high.z);
  if (left > 7) to[7] = to_bf16(high.w);
}

// Which columns a thread stores, of which head of which token. A token is all of its keys (or its latent), then all of its values (or its
// rotary key).
struct StorePlace {
  int64_t row;
  int head, column;
  bool is_key;

  __device__ StorePlace(const StoreArguments& op, int64_t item) {
    const int per_token = op.heads * (op.k_steps + op.v_steps);
    row = item / per_token;
    int within = static_cast<int>(item - row * per_token);
    is_key = within < op.heads * op.k_steps;
    if (!is_key) within -= op.heads * op.k_steps;
    const int steps = is_key ? op.k_steps : op.v_steps;
    head = within / steps;
    column = (within - head * steps) * kStoreColumns;
  }
};

// turned(head's first column, column, left): the group of four columns there.
template <bool kWide, class Turned>
__device__ __forceinline__ void store_place(const StoreArguments& op, const StorePlace& place, const Turned& turned) {
  const auto [row, head, column, is_key] = place;
  const int columns = is_key ? op.k_columns : op.v_columns, left = columns - column;
  const float* from = (is_key ? op.k + row * op.k_stride : op.v + row * op.v_stride) + static_cast<int64_t>(head) * columns;
  const int64_t slot = op.slots[row];
  const int64_t begin = op.latent ? latent_kv_row(slot, op.k_columns, op.v_columns) + (is_key ? 0 : op.k_columns)
                                  : dense_kv_row(slot, head, op.heads, columns);
  void* cache = is_key || op.latent ? op.k_cache : op.v_cache;
  store_columns<kWide>(turned(from, column, left), turned(from, column + kGroup, left - kGroup), cache, static_cast<DType>(op.kv_type),
                       begin + column, left);
}

template <bool kWide>
__global__ void __launch_bounds__(kStoreThreads) store_kv_kernel(StoreArguments op) {
  begin_kernel();
  const StorePlace place(op, static_cast<int64_t>(blockIdx.x) * kStoreThreads + threadIdx.x);
  if (place.row >= op.rows) return;
  store_place<kWide>(op, place, [](const float* from, int column, int left) { return load_constant_group<kWide>(from + column, left); });
}

}  // namespace evalrun::cuda

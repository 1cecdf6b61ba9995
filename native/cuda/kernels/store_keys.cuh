// Keys turned on their way into the cache, beside the values and the queries of the same tokens: rope.cuh and store_kv.cuh, to the bit.
#pragma once
#include "cuda/kernels/rope.cuh"
#include "cuda/kernels/store_kv.cuh"

namespace evalrun::cuda {

static_assert(kStoreThreads == kRopeThreads, "one launch has both");

// Columns column .. column + 3 of a head, turned. cosines, then sines, of the token's position; rope_dim is a multiple of eight.
__device__ __forceinline__ float4 turned_group(const float* head, int column, const float* cosines, int rope_dim, int interleaved) {
  const float4 own = load_constant_group<true>(head + column, kGroup);
  if (column >= rope_dim) return own;
  const int half = rope_dim / 2;
  if (interleaved) {
    const float2 c = __ldg(reinterpret_cast<const float2*>(cosines + column / 2)),
                 s = __ldg(reinterpret_cast<const float2*>(cosines + half + column / 2));
    const float2 first = rotate(own.x, own.y, c.x, s.x), second = rotate(own.z, own.w, c.y, s.y);
    return make_float4(first.x, first.y, second.x, second.y);
  }
  const bool is_first = column < half;
  const int pair = is_first ? column : column - half;
  const float4 other = load_constant_group<true>(head + (is_first ? column + half : pair), kGroup);
  const float4 c = load_constant_group<true>(cosines + pair, kGroup), s = load_constant_group<true>(cosines + half + pair, kGroup);
  const auto turn = [&](float mine, float others, float cosine, float sine) {
    return is_first ? rotate(mine, others, cosine, sine).x : rotate(others, mine, cosine, sine).y;
  };
  return make_float4(turn(own.x, other.x, c.x, s.x), turn(own.y, other.y, c.y, s.y), turn(own.z, other.z, c.z, s.z),
                     turn(own.w, other.w, c.w, s.w));
}

// Blocks of keys and values, then of queries.
template <int kThreads>
__global__ void __launch_bounds__(kThreads) store_keys(StoreArguments op, RopeArguments keys, RopeArguments queries) {
  begin_kernel();
  const int64_t items = static_cast<int64_t>(op.rows) * op.heads * (op.k_steps + op.v_steps);
  const int64_t blocks = (items + kThreads - 1) / kThreads;
  if (blockIdx.x >= blocks) return rotate_item<true>(queries, (blockIdx.x - blocks) * kThreads + threadIdx.x);
  const StorePlace place(op, static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x);
  if (place.row >= op.rows) return;
  const float* cosines = keys.cos_sin + static_cast<int64_t>(keys.positions[place.row]) * keys.rope_dim;
  store_place<true>(op, place, [&](const float* head, int column, int left) {
    return place.is_key ? turned_group(head, column, cosines, keys.rope_dim, keys.interleaved)
                        : load_constant_group<true>(head + column, left);
  });
}

}  // namespace evalrun::cuda

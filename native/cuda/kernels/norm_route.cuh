// A decoding step's norm in front of DeepSeekMoE, its router, the choice of experts and the order of their rows, in one launch: norm.cuh,
// linear_f32.cuh and route_bucket.cuh, to the bit.
//
// Every block normalises the few rows for itself and computes the logits of kSkinnyOutputs experts. The last one to be done, which a
// counter tells, chooses; and it alone writes the rows, because others may still have been reading them before.
#pragma once
#include "cuda/kernels/linear_f32.cuh"
#include "cuda/kernels/norm.cuh"
#include "cuda/kernels/route_bucket.cuh"

namespace evalrun::cuda {

constexpr int kNormRouteThreads = kSkinnyWarps * kWarp;
static_assert(kNormRouteThreads == kRouteBucketThreads);
constexpr int kNormRouteRows = kSkinnyRows;
constexpr int kNormRouteColumns = 8192;
constexpr int kReduceFloats = 32;  // shared memory of norm.cuh

constexpr int norm_route_shared_bytes(int rows, int columns) {
  return (kReduceFloats + rows * columns) * static_cast<int>(sizeof(float)) + kSkinnyShared;
}

// Four columns of x + delta.
__device__ __forceinline__ float4 added_group(const NormArguments& a, int64_t row, int column) {
  const float4 x = load_group<true>(a.x + row * a.x_stride + column, kGroup);
  if (a.delta == nullptr) return x;
  const float4 more = load_constant_group<true>(a.delta + row * a.x_stride + column, kGroup);
  return make_float4(x.x + more.x, x.y + more.y, x.z + more.z, x.w + more.w);
}

// Into shared memory. More groups held than a row has add nothing to its sum.
template <int kTeam, int kHeld>
__device__ __forceinline__ void normalize_into(const NormArguments& a, int row, int member, float* normalized) {
  const int columns = static_cast<int>(a.columns);
  float4 held[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int column = (i * kTeam + member) * kGroup;
    held[i] = column < columns ? added_group(a, row, column) : make_float4(0, 0, 0, 0);
  }
  normalize_row<kTeam>(a, member, held,
                       [&](int column, float4 result) { *reinterpret_cast<float4*>(normalized + row * columns + column) = result; });
}

// Whether the block is the last of its grid to come here, and what all others wrote before can be read by load_from_level_2(). `done` is 0
// before and after.
__device__ __forceinline__ bool is_last_block(int32_t* done, int32_t* shared) {
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    const bool last = atomicAdd(done, 1) == static_cast<int>(gridDim.x) - 1;
    if (last) *done = 0;
    *shared = last ? 1 : 0;
    __threadfence();
  }
  __syncthreads();
  return *shared != 0;
}

template <DType kType, int kHeld>
__global__ void __launch_bounds__(kNormRouteThreads, 1)
    norm_route(NormArguments a, F32Product router, RouteArguments route, BucketResults results, int32_t* done) {
  let_next_start();
  const int first_output = blockIdx.x * kSkinnyOutputs;
  prefetch_vector(a.weight, a.weight_type, a.columns);
  prefetch_skinny<kType>(router, first_output);
  wait_for_last();
  const int columns = static_cast<int>(a.columns), warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  float* reduced = reinterpret_cast<float*>(shared_memory());
  float* normalized = reduced + kReduceFloats;
  float* rest = normalized + a.rows * columns;
  if (columns <= kWarpNormColumns) {
    if (warp < a.rows) normalize_into<kWarp, kWarpNormColumns / kWarp / kGroup>(a, warp, lane, normalized);
  } else {
    for (int row = 0; row < a.rows; ++row) {
      normalize_into<kNormRouteThreads, kNormRouteColumns / kNormRouteThreads / kGroup>(a, row, threadIdx.x, normalized);
    }
  }
  __syncthreads();
  const auto rows = [&](int i, int k) {
    return i < a.rows && k < columns ? *reinterpret_cast<const float4*>(normalized + i * columns + k) : make_float4(0, 0, 0, 0);
  };
  store_skinny(router, first_output, 0, a.rows, skinny_sum<kType>(router, router.weight, first_output, rows, rest));
  if (!is_last_block(done, reinterpret_cast<int32_t*>(reduced))) return;

  // A warp has 128 columns of a row.
  const int groups = (columns + kQuantBlock - 1) / kQuantBlock;
  for (int group = warp; group < a.rows * groups; group += kSkinnyWarps) {
    const int row = group / groups, column = group % groups * kQuantBlock + lane * kGroup;
    if (column >= columns) continue;
    if (a.delta != nullptr) store_group<true>(a.sum + row * a.x_stride + column, kGroup, added_group(a, row, column));
    const float4 y = *reinterpret_cast<const float4*>(normalized + row * columns + column);
    store_group<true>(a.y + row * a.y_stride + column, kGroup, y);
    store_operand(a, row, column, y);
  }
  route_and_bucket<kHeld>(route, results, reinterpret_cast<int32_t*>(rest));
}

}  // namespace evalrun::cuda

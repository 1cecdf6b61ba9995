// TakeRowsOp: y[i, :] = x[rows[i], :]; and copies of many ranges of bytes.
#include <algorithm>
#include <unordered_set>

#include "cuda/kernels/elements.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

constexpr int kThreads = 128;

template <bool kWide>
__global__ void __launch_bounds__(kThreads) take_rows_kernel(const float* x, int columns, const int32_t* rows, float* y) {
  begin_kernel();
  const int column = (blockIdx.y * kThreads + threadIdx.x) * kGroup;
  const int left = columns - column;
  if (left <= 0) return;
  const int64_t source = rows[blockIdx.x];
  const float4 group = load_constant_group<kWide>(x + source * columns + column, left);
  store_group<kWide>(y + static_cast<int64_t>(blockIdx.x) * columns + column, left, group);
}

constexpr int kCopyThreads = 256, kCopiesOfThread = 4;
constexpr int64_t kBytesOfBlock = int64_t{16} * kCopyThreads * kCopiesOfThread;

__global__ void __launch_bounds__(kCopyThreads) copy_ranges_kernel(const CopyRange* ranges) {
  begin_kernel();
  const CopyRange range = ranges[blockIdx.x];
  const uint4* from = static_cast<const uint4*>(range.from);
  uint4* to = static_cast<uint4*>(range.to);
  const int64_t count = range.bytes / 16;
  const int64_t first = blockIdx.y * kBytesOfBlock / 16 + threadIdx.x;
  uint4 held[kCopiesOfThread];
#pragma unroll
  for (int i = 0; i < kCopiesOfThread; ++i) {
    if (first + i * kCopyThreads < count) held[i] = from[first + i * kCopyThreads];
  }
#pragma unroll
  for (int i = 0; i < kCopiesOfThread; ++i) {
    if (first + i * kCopyThreads < count) to[first + i * kCopyThreads] = held[i];
  }
}

}  // namespace

bool copy_ranges(Context& ctx, const std::vector<CopyRange>& ranges) {
  std::unordered_set<const void*> sources, targets;
  int64_t most = 0;
  for (const CopyRange& range : ranges) {
    const auto from = reinterpret_cast<uintptr_t>(range.from), to = reinterpret_cast<uintptr_t>(range.to);
    if ((from | to | static_cast<uintptr_t>(range.bytes)) % 16 != 0) return false;
    sources.insert(range.from);
    most = std::max(most, range.bytes);
  }
  // All at once is one after the other where nothing that is written is read, or written twice.
  for (const CopyRange& range : ranges) {
    if (sources.count(range.to) != 0 || !targets.insert(range.to).second) return false;
  }
  const dim3 grid(static_cast<unsigned>(ranges.size()), static_cast<unsigned>(ceil_div(most, kBytesOfBlock)));
  const CopyRange* staged = ctx.stage(ranges.data(), static_cast<int64_t>(ranges.size()), "copies");
  launch(ctx, "copy_ranges", copy_ranges_kernel, grid, dim3(kCopyThreads), 0, staged);
  return true;
}

const char* run(Context& ctx, const TakeRowsOp& op) {
  const bool wide = wide_rows(op.x, op.columns, op.columns) && wide_rows(op.y, op.columns, op.columns);
  const dim3 grid(op.count, static_cast<unsigned>(ceil_div(op.columns, kThreads * kGroup)));
  launch(ctx, "take_rows", wide ? take_rows_kernel<true> : take_rows_kernel<false>, grid, dim3(kThreads), 0, op.x, op.columns,
         op.rows, op.y);
  return "simt";
}

}  // namespace evalrun::cuda

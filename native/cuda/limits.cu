// measure_gpu_limits: the loops of kernels/limits.cuh on all multiprocessors, timed by the GPU's own events.
#include "cuda/kernels/limits.cuh"

#include <algorithm>

#include "cuda/gpu.h"
#include "cuda/launch.h"
#include "cuda/stopwatch.h"

namespace evalrun::cuda {
namespace {

#if defined(EVALRUN_CUDA_SIM)
// Every lane is a fiber: as little as shows that all of it runs.
constexpr int kTries = 1, kBlocksOfMultiprocessor = 1, kFirstRounds = 2;
constexpr double kSeconds = 0;
constexpr int64_t kReadBytes = 1 << 20;
#else
constexpr int kTries = 5, kBlocksOfMultiprocessor = 8, kFirstRounds = 1 << 12;
constexpr double kSeconds = 0.05;
// Many times the second-level cache.
constexpr int64_t kReadBytes = int64_t{2} << 30;
#endif
constexpr int kMostRounds = 1 << 28;

// The most per second of a few tries, each of `flops_of_round` times so many rounds that it takes kSeconds.
template <class Launch>
double best_rate(Stopwatch& stopwatch, double flops_of_round, const Launch& launch_rounds) {
  int rounds = kFirstRounds;
  stopwatch.seconds([&] { launch_rounds(rounds); });  // loads the kernel
  const double first = stopwatch.seconds([&] { launch_rounds(rounds); });
  rounds = static_cast<int>(std::clamp(rounds * kSeconds / first, 1.0 * kFirstRounds, 1.0 * kMostRounds));
  double best = 0;
  for (int i = 0; i < kTries; ++i) best = std::max(best, rounds * flops_of_round / stopwatch.seconds([&] { launch_rounds(rounds); }));
  return best;
}

}  // namespace

GpuLimits measure_gpu_limits(int index) {
  check(cudaSetDevice(index), "choosing the GPU");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index), "asking for the GPU's properties");
  Context ctx;
  const dim3 grid(static_cast<unsigned>(properties.multiProcessorCount * kBlocksOfMultiprocessor)), block(kLimitThreads);
  const int64_t threads = static_cast<int64_t>(grid.x) * kLimitThreads;
  auto* out = ctx.scratch.take<float>(threads, "what the loops compute");
  Stopwatch stopwatch(ctx.stream);
  GpuLimits limits;
  limits.f32_flops = best_rate(stopwatch, 2.0 * kLimitChains * threads, [&](int rounds) {
    launch(ctx, "limit_multiply_add", limit_multiply_add, grid, block, 0, rounds, 0.999f, out);
  });
  limits.bf16_flops = best_rate(stopwatch, 1.0 * kMmaFlops * kLimitChains * threads / 32, [&](int rounds) {
    launch(ctx, "limit_mma_bf16", limit_mma_bf16, grid, block, 0, rounds, out);
  });
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "asking for free memory");
  const int64_t bytes = std::min<int64_t>(kReadBytes, static_cast<int64_t>(free) / 2) / 16 * 16;
  auto* memory = ctx.scratch.take<uint4>(bytes / 16, "the block that is read");
  launch(ctx, "limit_fill", limit_fill, grid, block, 0, memory, bytes / 16);
  for (int i = 0; i <= kTries; ++i) {
    const double seconds = stopwatch.seconds([&] {
      launch(ctx, "limit_read", limit_read, grid, block, 0, static_cast<const uint4*>(memory), bytes / 16,
             reinterpret_cast<uint32_t*>(out));
    });
    if (i > 0) limits.read_bytes = std::max(limits.read_bytes, static_cast<double>(bytes) / seconds);
  }
  return limits;
}

double measure_upload(int index) {
  check(cudaSetDevice(index), "choosing the GPU");
  constexpr int64_t kBytes = kReadBytes / 8;
  constexpr const char* kWhat = "measuring copies from the host";
  Context ctx;
  char* target = ctx.scratch.take<char>(kBytes, kWhat);
  void* pinned = nullptr;
  check(cudaMallocHost(&pinned, kBytes), kWhat);
  for (int64_t i = 0; i < kBytes / 4; ++i) static_cast<uint32_t*>(pinned)[i] = static_cast<uint32_t>(i) * 2654435761u;
  Stopwatch stopwatch(ctx.stream);
  double best = 0;
  for (int i = 0; i <= kTries; ++i) {
    const double seconds = stopwatch.seconds([&] { check(cudaMemcpyAsync(target, pinned, kBytes, cudaMemcpyHostToDevice, ctx.stream), kWhat); });
    if (i > 0) best = std::max(best, static_cast<double>(kBytes) / seconds);
  }
  cudaFreeHost(pinned);
  return best;
}

}  // namespace evalrun::cuda

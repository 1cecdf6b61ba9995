// Runs the limit loops of the best instruction set on all threads at once.
#include "cpu/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "cpu/scratch.h"

namespace evalrun {
namespace {

// Plain C++ for CPUs without vector loops of their own: the compiler's vectors, whatever they are.
float plain_multiply_add(int64_t rounds) {
  float sum[kLimitSums * 4];
  for (int i = 0; i < kLimitSums * 4; ++i) sum[i] = static_cast<float>(i);
  for (int64_t round = 0; round < rounds; ++round) {
    for (float& x : sum) x = x * 0.999f + 0.001f;
  }
  float total = 0;
  for (float x : sum) total += x;
  return total;
}

float plain_read(const float* block, int64_t count) {
  float sum[16] = {};
  for (int64_t i = 0; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; ++lane) sum[lane] += block[i + lane];
  }
  float total = 0;
  for (float x : sum) total += x;
  return total;
}

LimitLoops best_loops(const CpuFeatures& features) {
  LimitLoops loops{plain_multiply_add, nullptr, plain_read, 4};
#if defined(__x86_64__)
  if (features.avx2) loops = limit_loops_avx2();
  if (features.avx512) loops = limit_loops_avx512();
  if (features.avx512_bf16) {
    loops.multiply_add_bf16 = limit_multiply_add_bf16;
    loops.bf16_flops_of_round = 4.0 * 16 * kLimitSums;
  }
  if (features.amx_bf16) {
    loops.multiply_add_bf16 = limit_multiply_add_bf16_amx;
    loops.bf16_flops_of_round = 4.0 * 2 * 16 * 16 * 32;
  }
#elif defined(__aarch64__)
  if (features.neon) loops = limit_loops_neon();
#endif
  return loops;
}

// Seconds from a common start until the last thread is done.
double timed(int threads, const std::function<float(int thread)>& body) {
  std::atomic<int> waiting{threads};
  std::atomic<float> sink{0};
  std::chrono::steady_clock::time_point begin;
  std::vector<std::thread> others;
  auto run = [&](int thread) {
    --waiting;
    while (waiting.load() > 0) {
    }
    if (thread == 0) begin = std::chrono::steady_clock::now();
    sink.store(body(thread), std::memory_order_relaxed);
  };
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
  run(0);
  for (std::thread& other : others) other.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

constexpr int kTries = 5;
constexpr double kSeconds = 0.1;

double best_flops(int threads, float (*loop)(int64_t), double flops_per_round) {
  int64_t rounds = 1 << 16;
  double seconds = timed(threads, [&](int) { return loop(rounds); });
  rounds = std::max<int64_t>(1, static_cast<int64_t>(rounds * kSeconds / std::max(seconds, 1e-6)));
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    seconds = timed(threads, [&](int) { return loop(rounds); });
    best = std::max(best, flops_per_round * static_cast<double>(rounds) * threads / seconds);
  }
  return best;
}

// 256 MiB for each thread: several times the last cache of any CPU that divides it among few cores.
constexpr int64_t kBlock = 64 << 20;

double best_read(int threads, float (*read)(const float*, int64_t)) {
  std::vector<Scratch> memory(threads);
  std::vector<float*> blocks;
  for (Scratch& scratch : memory) blocks.push_back(scratch.get<float>(kBlock));
  timed(threads, [&](int thread) {
    std::fill(blocks[thread], blocks[thread] + kBlock, 1.0f);
    return 0.0f;
  });
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const double seconds = timed(threads, [&](int thread) { return read(blocks[thread], kBlock); });
    best = std::max(best, static_cast<double>(kBlock) * sizeof(float) * threads / seconds);
  }
  return best;
}

}  // namespace

MachineLimits measure_limits(int threads) {
  const LimitLoops loops = best_loops(cpu_features());
  const double lanes = static_cast<double>(loops.lanes) * kLimitSums;
  MachineLimits limits;
  limits.f32_flops = best_flops(threads, loops.multiply_add, 2 * lanes);
  if (loops.multiply_add_bf16 != nullptr) limits.bf16_flops = best_flops(threads, loops.multiply_add_bf16, loops.bf16_flops_of_round);
  limits.read_bytes = best_read(threads, loops.read);
  return limits;
}

}  // namespace evalrun

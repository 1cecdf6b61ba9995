#include "cuda/kernel_times.h"

#include <algorithm>

#include "cuda/context.h"

namespace evalrun::cuda {

KernelTimer::~KernelTimer() {
  for (const Launch& launch : launches_) {
    cudaEventDestroy(launch.begin);
    cudaEventDestroy(launch.end);
  }
  for (const cudaEvent_t event : free_) cudaEventDestroy(event);
}

cudaEvent_t KernelTimer::event() {
  cudaEvent_t made = nullptr;
  if (free_.empty()) {
    check(cudaEventCreate(&made), "timing kernels");
  } else {
    made = free_.back();
    free_.pop_back();
  }
  return made;
}

void KernelTimer::begin(const char* name, cudaStream_t stream) {
  launches_.push_back({name, event(), event()});
  check(cudaEventRecord(launches_.back().begin, stream), name);
}

void KernelTimer::end(cudaStream_t stream) { check(cudaEventRecord(launches_.back().end, stream), launches_.back().name); }

void KernelTimer::collect() {
  for (const Launch& launch : launches_) {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, launch.begin, launch.end), launch.name);
    KernelTime& time = times_[launch.name];
    time.name = launch.name;
    ++time.launches;
    time.seconds += milliseconds * 1e-3;
    free_.push_back(launch.begin);
    free_.push_back(launch.end);
  }
  launches_.clear();
}

std::vector<KernelTime> KernelTimer::take() {
  std::vector<KernelTime> times;
  for (const auto& named : times_) times.push_back(named.second);
  std::sort(times.begin(), times.end(), [](const KernelTime& a, const KernelTime& b) { return a.seconds > b.seconds; });
  times_.clear();
  return times;
}

}  // namespace evalrun::cuda

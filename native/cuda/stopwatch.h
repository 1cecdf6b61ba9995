// Seconds of the GPU's work on a stream, by its own events.
#pragma once
#include <algorithm>

#include "cuda/context.h"

namespace evalrun::cuda {

class Stopwatch {
 public:
  explicit Stopwatch(cudaStream_t stream) : stream_(stream) {
    check(cudaEventCreate(&begin_), "making an event");
    check(cudaEventCreate(&end_), "making an event");
  }
  ~Stopwatch() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  template <class Work>
  double seconds(const Work& work) {
    check(cudaEventRecord(begin_, stream_), "timing the GPU");
    work();
    check(cudaEventRecord(end_, stream_), "timing the GPU");
    check(cudaEventSynchronize(end_), "timing the GPU");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), "timing the GPU");
    return std::max(1e-9, milliseconds * 1e-3);
  }

 private:
  cudaStream_t stream_;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace evalrun::cuda

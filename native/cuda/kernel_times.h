// How long kernels run, by name: an event before and one behind every launch. The events cost a little themselves, and with them
// steps of decoding are not replayed as graphs: it is a means to see where a step's time goes, not how long the step takes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cuda/gpu.h"
#include "cuda/runtime.h"

namespace evalrun::cuda {

class KernelTimer {
 public:
  KernelTimer() = default;
  KernelTimer(const KernelTimer&) = delete;
  KernelTimer& operator=(const KernelTimer&) = delete;
  ~KernelTimer();

  bool on = false;
  // Around the launch of a kernel.
  void begin(const char* name, cudaStream_t stream);
  void end(cudaStream_t stream);
  // Adds what has been launched to the times; the stream must have finished.
  void collect();
  // What was collected since the last call, the longest first.
  std::vector<KernelTime> take();

 private:
  struct Launch {
    const char* name;
    cudaEvent_t begin, end;
  };
  cudaEvent_t event();

  std::vector<Launch> launches_;
  std::vector<cudaEvent_t> free_;
  std::map<std::string, KernelTime> times_;
};

}  // namespace evalrun::cuda

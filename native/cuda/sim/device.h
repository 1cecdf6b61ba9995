// What the simulated GPU is: an H200 in its limits, with few multiprocessors. EVALRUN_SIM_COMPUTE=80 makes it an A100.
#pragma once
#include <cstdlib>
#include <cstring>

namespace evalrun::cuda::sim {

constexpr int kMultiprocessors = 4;
constexpr size_t kDeviceBytes = size_t{4} << 30;
// Shared memory that a block may ask for (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").
constexpr size_t kLargestShared = 227 << 10;

// 10 * major + minor.
inline int compute_capability() {
  const char* text = std::getenv("EVALRUN_SIM_COMPUTE");
  return text != nullptr && std::strcmp(text, "80") == 0 ? 80 : 90;
}

inline int max_shared_bytes() { return (compute_capability() == 80 ? 163 : 227) << 10; }

}  // namespace evalrun::cuda::sim

// What the simulated GPU is: an H200 in its limits, with few multiprocessors. EVALRUN_SIM_COMPUTE=80 makes it an A100,
// EVALRUN_SIM_MIB=N gives it another memory than 4 GiB, and EVALRUN_SIM_TAKEN_MIB=N lets another process take that much of it as
// soon as this one has taken some. EVALRUN_SIM_OLD_GPU=1 puts a GPU of compute capability 7.0 before it, which is then number 1.
// EVALRUN_SIM_ZONES=0 has allocations touch each other, as a GPU's do, instead of keeping zones between them whose bytes nobody may write.
#pragma once
#include <cstdlib>
#include <cstring>

namespace evalrun::cuda::sim {

constexpr int kMultiprocessors = 4;
constexpr size_t kDeviceMib = 4096;
// Shared memory that a block may ask for (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").
constexpr size_t kLargestShared = 227 << 10;

// 10 * major + minor.
inline int compute_capability() {
  const char* text = std::getenv("EVALRUN_SIM_COMPUTE");
  return text != nullptr && std::strcmp(text, "80") == 0 ? 80 : 90;
}

inline size_t mebibytes_of(const char* variable, size_t otherwise) {
  const char* text = std::getenv(variable);
  return (text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise) << 20;
}
inline size_t device_bytes() {
  static const size_t bytes = mebibytes_of("EVALRUN_SIM_MIB", kDeviceMib);
  return bytes;
}
inline size_t taken_bytes() {
  static const size_t bytes = mebibytes_of("EVALRUN_SIM_TAKEN_MIB", 0);
  return bytes;
}

// Before and behind each allocation.
inline size_t zone_bytes() {
  const char* text = std::getenv("EVALRUN_SIM_ZONES");
  static const size_t bytes = text != nullptr && std::strcmp(text, "0") == 0 ? 0 : 4096;
  return bytes;
}

// The number of the GPU that computes; those before it are too old.
inline int usable_device() {
  const char* text = std::getenv("EVALRUN_SIM_OLD_GPU");
  return text != nullptr && std::strcmp(text, "1") == 0 ? 1 : 0;
}

inline int max_shared_bytes() { return (compute_capability() == 80 ? 163 : 227) << 10; }

}  // namespace evalrun::cuda::sim

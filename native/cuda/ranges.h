// Named ranges on the timeline of NVIDIA's profilers (nsys), with EVALRUN_NVTX=1. NVTX is a header: nothing is linked, and
// without a profiler a range is a test of one flag.
#pragma once
#include <cstdlib>
#include <cstring>

#if defined(__CUDACC__) && !defined(EVALRUN_CUDA_SIM) && __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define EVALRUN_HAS_NVTX 1
#endif

namespace evalrun::cuda {

inline bool ranges_wanted() {
  static const bool wanted = [] {
    const char* flag = std::getenv("EVALRUN_NVTX");
    return flag != nullptr && std::strcmp(flag, "1") == 0;
  }();
  return wanted;
}

// A range from here to the end of the scope, of what the host does: const NvtxRange range("attention");
class NvtxRange {
 public:
#if defined(EVALRUN_HAS_NVTX)
  explicit NvtxRange(const char* name) : open_(ranges_wanted()) {
    if (open_) nvtxRangePushA(name);
  }
  ~NvtxRange() {
    if (open_) nvtxRangePop();
  }

 private:
  bool open_;

 public:
#else
  explicit NvtxRange(const char*) {}
  ~NvtxRange() {}  // not trivial: a range that is only declared is no unused variable
#endif
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

}  // namespace evalrun::cuda

// Named ranges on the timeline of NVIDIA's profilers (nsys), with EVALRUN_NVTX=1: steps, layers, their halves and ops, as the host
// gives them to the GPU. NVTX is a header: nothing is linked, and without the variable a range is a test of one flag. The launches of
// a decoding step are held back (launch_recorder.h), so its kernels lie below the range that waits for them.
#pragma once
#include <cstdlib>
#include <cstring>

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/runtime.h"
#define EVALRUN_HAS_NVTX 1
#elif __has_include(<nvtx3/nvToolsExt.h>)
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

inline void push_range(const char* name) {
#if defined(EVALRUN_HAS_NVTX)
  if (ranges_wanted()) nvtxRangePushA(name);
#endif
}

inline void pop_range() {
#if defined(EVALRUN_HAS_NVTX)
  if (ranges_wanted()) nvtxRangePop();
#endif
}

// A range from here to the end of the scope: const NvtxRange range("attention");
class NvtxRange {
 public:
  explicit NvtxRange(const char* name) { push_range(name); }
  ~NvtxRange() { pop_range(); }
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

}  // namespace evalrun::cuda

#include "cpu/features.h"

#include <cstdlib>
#include <cstring>

namespace evalrun {
namespace {

// EVALRUN_ISA=avx2|avx512|scalar caps what is used, for tests and for comparing kernels on one machine.
CpuFeatures detect() {
  CpuFeatures f;
#if defined(__x86_64__)
  __builtin_cpu_init();
  f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  f.avx512_bf16 = f.avx512 && __builtin_cpu_supports("avx512bf16");
  f.avx512_vbmi = f.avx512 && __builtin_cpu_supports("avx512vbmi");
  const char* cap = std::getenv("EVALRUN_ISA");
  if (cap != nullptr && std::strcmp(cap, "avx512") == 0) f.avx512_bf16 = f.avx512_vbmi = false;
  if (cap != nullptr && std::strcmp(cap, "avx2") == 0) f.avx512 = f.avx512_bf16 = f.avx512_vbmi = false;
  if (cap != nullptr && std::strcmp(cap, "scalar") == 0) f = CpuFeatures{};
#endif
  return f;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace evalrun

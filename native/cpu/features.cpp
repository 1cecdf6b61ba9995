#include "cpu/features.h"

#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace evalrun {
namespace {

#if defined(EVALRUN_EMULATED)
// The tests' program in which everything that AVX2 lacks is emulated: test/emulated.
CpuFeatures of_the_cpu() { return {true, true, true, true, true, false}; }
bool tiles_are_granted() { return true; }
#elif defined(__x86_64__)
// Tiles are 8 KiB of state that a process must ask for. The system refuses where it does not know them, or where a
// thread's signal stack would be too small for them.
bool tiles_are_granted() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILE_DATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

// What not every compiler's __builtin_cpu_supports knows. CPUID 1: ECX bit 29 is F16C.
bool cpu_has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 29 & 1) != 0;
}

// CPUID 7.0: EDX bit 22 is AMX-BF16, bit 24 AMX-TILE.
bool cpu_has_amx_bf16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (edx >> 22 & 1) != 0 && (edx >> 24 & 1) != 0;
}

CpuFeatures of_the_cpu() {
  CpuFeatures f;
  __builtin_cpu_init();
  f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && cpu_has_f16c();
  f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  f.avx512_bf16 = f.avx512 && __builtin_cpu_supports("avx512bf16");
  f.avx512_vbmi = f.avx512 && __builtin_cpu_supports("avx512vbmi");
  f.amx_bf16 = f.avx512_bf16 && f.avx512_vbmi && cpu_has_amx_bf16();
  return f;
}
#else
CpuFeatures of_the_cpu() {
  CpuFeatures f;
#if defined(__aarch64__)
  f.neon = true;
#endif
  return f;
}
bool tiles_are_granted() { return false; }
#endif

// EVALRUN_ISA=avx512-bf16|avx512|avx2|scalar caps what is used, for tests and for comparing kernels on one machine.
CpuFeatures detect() {
  const char* named = std::getenv("EVALRUN_ISA");
  const std::string cap = named == nullptr ? "" : named;
  if (cap == "scalar") return {};
  CpuFeatures f = of_the_cpu();
  const bool to_avx2 = cap == "avx2", to_avx512 = to_avx2 || cap == "avx512", to_bf16 = to_avx512 || cap == "avx512-bf16";
  f.amx_bf16 = f.amx_bf16 && !to_bf16 && tiles_are_granted();
  if (to_avx512) f.avx512_bf16 = f.avx512_vbmi = false;
  if (to_avx2) f.avx512 = false;
  return f;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace evalrun

// Instruction sets of the CPU this process runs on, read once.
#pragma once

namespace evalrun {

struct CpuFeatures {
  bool avx2 = false;         // with FMA and F16C
  bool avx512 = false;       // F, BW, DQ, VL
  bool avx512_bf16 = false;  // vdpbf16ps
  bool avx512_vbmi = false;
  bool amx_bf16 = false;  // tdpbf16ps, with the system's leave to use tiles, avx512_bf16 and avx512_vbmi
  bool neon = false;      // which every 64-bit Arm CPU has
};

const CpuFeatures& cpu_features();

}  // namespace evalrun

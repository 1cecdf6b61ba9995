// The instruction sets that vector kernels are compiled for, and which products each of them takes.
#pragma once
#include "cpu/features.h"
#include "ops/ops.h"

namespace evalrun {

enum class Isa : int { kAvx2, kAvx512, kAvx512Bf16, kAmx, kNeon };

// Kernels that multiply bfloat16 alone.
inline bool isa_is_bf16(Isa isa) { return isa == Isa::kAvx512Bf16 || isa == Isa::kAmx; }

inline bool isa_present(Isa isa, const CpuFeatures& features) {
  switch (isa) {
    case Isa::kAvx2:
      return features.avx2;
    case Isa::kAvx512:
      return features.avx512;
    case Isa::kAvx512Bf16:
      return features.avx512_bf16;
    case Isa::kAmx:
      return features.amx_bf16;
    case Isa::kNeon:
      return features.neon;
  }
  return false;
}

// The combinations of precision and stored weight that ops.h defines.
inline bool isa_takes_product(Isa isa, const CpuFeatures& features, Precision precision, DType weight) {
  if (!isa_present(isa, features)) return false;
  switch (precision) {
    case Precision::kF32:
      return !isa_is_bf16(isa);
    case Precision::kBF16:
      return weight == DType::kBF16;
    case Precision::kFP8:
      return weight == DType::kF8E4M3;
  }
  return false;
}

// A bfloat16 product takes its keys and values from a bfloat16 cache, where they were rounded.
inline bool isa_takes_attention(Isa isa, const CpuFeatures& features, Precision precision, DType kv) {
  if (!isa_present(isa, features)) return false;
  if (precision == Precision::kF32) return !isa_is_bf16(isa) && (kv == DType::kF32 || kv == DType::kBF16);
  return precision == Precision::kBF16 && kv == DType::kBF16;
}

}  // namespace evalrun

// Packing of weights.
#include "cpu/packed_weight.h"

#include <cstring>

#include "cpu/compact_panel.h"
#include "cpu/isa.h"
#include "cpu/pack_kernels.h"

namespace evalrun {
namespace {

// By PanelIsa.
constexpr Isa kInstructions[] = {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx, Isa::kNeon};

}  // namespace

bool takes_packed(Precision precision, DType dtype, const CpuFeatures& features, PanelIsa isa) {
  const Isa instructions = kInstructions[static_cast<int>(isa)];
  if (!isa_present(instructions, features)) return false;
  if (precision == Precision::kF32) return dtype == DType::kBF16 && !isa_is_bf16(instructions);
  return (precision == Precision::kBF16 && dtype == DType::kBF16) || (precision == Precision::kFP8 && dtype == DType::kF8E4M3);
}

const char* panel_of(const Weight& weight, int64_t panel) {
  return static_cast<const char*>(weight.packed) + panel * packed_panel_bytes(weight.dtype, weight.columns, weight.compact);
}

void pack_panel(const Weight& weight, int64_t panel, void* out) {
#if defined(__x86_64__)
  if (cpu_features().avx512) return pack_panel_avx512(weight, panel, out);
  if (cpu_features().avx2) return pack_panel_avx2(weight, panel, out);
#elif defined(__aarch64__)
  if (cpu_features().neon) return pack_panel_neon(weight, panel, out);
#endif
  const int64_t size = weight.dtype == DType::kBF16 ? 2 : 1;
  const int64_t bytes = panel_bytes(weight.dtype, weight.columns);
  char* to = static_cast<char*>(out);
  std::memset(to, 0, bytes);
  const int64_t first = panel * kPanelOutputs;
  const int64_t outputs = weight.rows - first < kPanelOutputs ? weight.rows - first : kPanelOutputs;
  for (int64_t n = 0; n < outputs; ++n) {
    const char* from = static_cast<const char*>(weight.data) + (first + n) * weight.columns * size;
    char* lane = to + n * 2 * size;
    int64_t k = 0;
    for (; k + 2 <= weight.columns; k += 2, lane += kPanelOutputs * 2 * size) {
      if (size == 2) {
        std::memcpy(lane, from + k * 2, 4);
      } else {
        std::memcpy(lane, from + k, 2);
      }
    }
    if (k < weight.columns) std::memcpy(lane, from + k * size, size);
  }
}

}  // namespace evalrun

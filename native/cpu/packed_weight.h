// Weights laid out for products whose lanes are outputs, once when the checkpoint is loaded.
//
// Idea: a panel is kPanelOutputs outputs, and holds for each pair of columns (k, k + 1) the two elements of every output
// side by side: what one vdpbf16ps takes for 16 outputs, and 16 pairs of them one tile of AMX. So a panel is read from its first byte to its last, whatever
// the number of rows, an output has one chain of additions over its pairs of columns in order, in any batch, and nothing
// is added across lanes.
//
//   kBF16     panel: [pairs of columns][kPanelOutputs][2] bfloat16; columns padded to a pair with zeros
//   kF8E4M3   panel: [blocks of 128 columns][64 pairs][kPanelOutputs][2] codes; columns padded to a block. A panel lies
//             in one row of 128x128 scale blocks.
//
// Outputs are padded to a panel with zeros.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cpu/features.h"
#include "ops/ops.h"

namespace evalrun {

constexpr int kPanelOutputs = 64;
// Columns that a panel's products pass over at a time: 256 KiB of bfloat16, half of a second-level cache.
constexpr int64_t kPanelColumns = 2048;

inline int64_t panels_of(int64_t outputs) { return (outputs + kPanelOutputs - 1) / kPanelOutputs; }

// Bytes of one panel of a weight of this type and number of columns.
inline int64_t panel_bytes(DType dtype, int64_t columns) {
  if (dtype == DType::kF8E4M3) return (columns + kQuantBlock - 1) / kQuantBlock * kQuantBlock * kPanelOutputs;
  return (columns + 1) / 2 * 2 * kPanelOutputs * 2;
}

inline int64_t packed_weight_bytes(const Weight& weight) {
  return panels_of(weight.rows) * panel_bytes(weight.dtype, weight.columns);
}

// What multiplies panels. All read the same layout: vdpbf16ps takes a pair of columns of 16 outputs, 16 such pairs are a tile of AMX, and
// float32 vectors widen either column of a pair by one instruction.
enum class PanelIsa : int { kAvx2, kAvx512, kAvx512Bf16, kAmx, kNeon };

// That which every CPU of this architecture has that has any.
#if defined(__aarch64__)
constexpr PanelIsa kLeastPanelIsa = PanelIsa::kNeon;
#else
constexpr PanelIsa kLeastPanelIsa = PanelIsa::kAvx2;
#endif

// True where the CPU has the instructions and the product is one that they have kernels for.
bool takes_packed(Precision precision, DType dtype, const CpuFeatures& features, PanelIsa isa = kLeastPanelIsa);

// True where `weight` is packed, and as a kernel of this instruction set reads it.
inline bool reads_packed(const Weight& weight, Precision precision, const CpuFeatures& features, PanelIsa isa) {
  return weight.packed != nullptr && (!weight.compact || isa == PanelIsa::kAmx) && takes_packed(precision, weight.dtype, features, isa);
}

// Where panel `panel` of a packed weight is.
const char* panel_of(const Weight& weight, int64_t panel);

// Writes panel `panel` of a weight stored as rows.
void pack_panel(const Weight& weight, int64_t panel, void* out);

}  // namespace evalrun

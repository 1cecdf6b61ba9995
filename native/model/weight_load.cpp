#include "model/weight_load.h"

#include <algorithm>

#include "cpu/compact_panel.h"
#include "cpu/convert_weight.h"
#include "cpu/scratch.h"
#include "ops/numeric.h"

namespace evalrun {

int64_t WeightLoad::panels_bytes() const {
  return panels_of(from.rows) * packed_panel_bytes(dtype, from.columns, compact);
}

bool WeightLoad::run(int64_t strip) const {
  thread_local Scratch memory;
  const int64_t first = strip * kStripRows;
  const int64_t rows = std::min(kStripRows, from.rows - first);
  const void* source = static_cast<const char*>(from.data) + first * from.columns * element_size(from.dtype);
  if (dtype != from.dtype) {
    const int64_t row_bytes = from.columns * element_size(dtype);
    char* target = values == nullptr ? memory.get<char>(kStripRows * row_bytes) : static_cast<char*>(values) + first * row_bytes;
    if (dtype == DType::kBF16) {
      convert_to_bf16({&from, first, rows}, reinterpret_cast<uint16_t*>(target), cpu_features());
    } else {
      const int64_t blocks = (from.columns + kQuantBlock - 1) / kQuantBlock;
      convert_to_e4m3({&from, first, rows}, reinterpret_cast<uint8_t*>(target), scales + strip * blocks, cpu_features());
    }
    source = target;
  }
  if (panels == nullptr) return true;
  const Weight part{source, dtype, rows, from.columns};
  thread_local Scratch plain;
  const int64_t bytes = packed_panel_bytes(dtype, from.columns, compact);
  for (int64_t panel = 0; panel < panels_of(rows); ++panel) {
    char* to = static_cast<char*>(panels) + (first / kPanelOutputs + panel) * bytes;
    char* packed = compact ? plain.get<char>(panel_bytes(dtype, from.columns)) : to;
    pack_panel(part, panel, packed);
    if (compact && !compact_panel(packed, from.columns, to)) return false;
  }
  return true;
}

Weight WeightLoad::loaded() const {
  Weight weight = from;
  if (dtype != from.dtype) {
    weight.data = values;
    weight.dtype = dtype;
    weight.scale = scales;
  }
  weight.packed = panels;
  weight.compact = compact;
  return weight;
}

}  // namespace evalrun

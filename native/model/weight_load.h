// A tensor on its way from its file to where products read it, a strip of rows at a time: converted, packed or both.
#pragma once
#include <cstdint>

#include "cpu/packed_weight.h"
#include "ops/ops.h"

namespace evalrun {

// One row of 128x128 scale blocks, and whole panels.
constexpr int64_t kStripRows = kQuantBlock;
static_assert(kStripRows % kPanelOutputs == 0);

struct WeightLoad {
  Weight from;  // as stored
  DType dtype;  // of what is loaded
  void* values = nullptr;   // where converted rows go; null where panels alone are wanted
  float* scales = nullptr;  // where block scales go, of what is converted to e4m3
  void* panels = nullptr;   // where panels go; null where rows alone are wanted
  bool compact = false;     // panels as in cpu/compact_panel.h

  int64_t strips() const { return (from.rows + kStripRows - 1) / kStripRows; }
  // Bytes of all panels.
  int64_t panels_bytes() const;
  // Loads the rows [strip * kStripRows, + kStripRows); strips may be loaded by different threads. False where its panels
  // cannot be compact.
  bool run(int64_t strip) const;
  // What products read when all strips are loaded.
  Weight loaded() const;
};

}  // namespace evalrun

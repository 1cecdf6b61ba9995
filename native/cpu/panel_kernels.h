// Products of packed weights (packed_weight.h) with rows of activations, for one instruction set: the border between the
// files compiled for it and the drivers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cpu/packed_weight.h"
#include "ops/ops.h"

namespace evalrun {

struct DotKernels;
struct RowKernels;

// Rows [first_row, first_row + row_count) of a group times the outputs [first_panel * kPanelOutputs, + outputs).
struct PanelProduct {
  const Weight* weight;  // with `packed`
  int64_t first_panel;
  int64_t outputs;  // of at most PanelKernels::most_panels panels
  const void* group;  // rows placed by PanelKernels::place
  int group_rows;
  int first_row;  // a multiple of kPanelRowTile
  int row_count;  // at most kPanelRows
  float* const* y;  // y[r][i] is output i of these for row first_row + r
  const float* bias;  // of these outputs, or null
  void* scratch;      // kPanelScratchBytes, 64-byte aligned
  const void* expanded = nullptr;  // these panels as PanelKernels::expand left them, or null
  const void* next = nullptr;      // packed weights that the thread will read afterwards, or null: they may be asked for
};

constexpr int kPanelRowTile = 16;
// Rows of one product.
constexpr int kPanelRows = 512;
// The most that a product works in; the system gives what is touched.
constexpr size_t kPanelScratchBytes = (1 << 20) + (64 << 10);

struct PanelKernels {
  // Converts a row; its packed form is what place() takes.
  const DotKernels* rows;
  // Loops over rows with the same instructions.
  const RowKernels* row_loops;
  // Bytes of a group of rows that share weights.
  size_t (*group_bytes)(int64_t columns, int rows);
  // Adds a converted row to its group: by reference where the rows stay where they are (copies == false).
  void (*place)(const void* converted, int64_t columns, int row, int rows, void* group);
  bool copies;
  // Panels that one product passes over at best: their weights stay in the second-level cache while blocks of rows pass.
  int most_panels;
  void (*multiply)(const PanelProduct& product);
  // A product expands weights that tiles cannot take as they lie. Blocks of rows may share that: writes the product's panels, of
  // which nothing but the weight is read, into kExpandedPanelBytes each; false where there is nothing to share. Null where
  // no weight is expanded.
  bool (*expand)(const PanelProduct& product, void* out);
};

constexpr int64_t kExpandedPanelBytes = kPanelColumns * kPanelOutputs * 2;

// Indexed by Precision. Of those that multiply bfloat16, kF32 is empty.
extern const PanelKernels kPanelAvx2[3];
extern const PanelKernels kPanelAvx512[3];
extern const PanelKernels kPanelAvx512Bf16[3];
extern const PanelKernels kPanelAmx[3];
extern const PanelKernels kPanelNeon[3];

}  // namespace evalrun

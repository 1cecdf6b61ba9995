// The work of a step's decode spans, listed on the device from the spans themselves: a captured step that is replayed with other
// positions plans itself anew.
#pragma once
#include "cuda/kernels/attention_arguments.h"
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

// One warp; a span per lane and round.
__global__ void plan_decode(const Span* spans, int count, int max_rows, int max_items, DecodePlan plan) {
  const int lane = threadIdx.x;
  int rows_before = 0, items_before = 0;
  for (int base = 0; base < count; base += 32) {
    const int index = base + lane;
    Span span = {};
    if (index < count) span = spans[index];
    const bool decodes = span.decode && span.count > 0;
    const int rows = decodes ? span.count : 0;
    const int items = decodes ? (span.start_position + span.count - 1) / kSplitTokens + 1 : 0;
    int row_sum = rows, item_sum = items;
    for (int delta = 1; delta < 32; delta *= 2) {
      const int more_rows = shuffle_up(row_sum, delta), more_items = shuffle_up(item_sum, delta);
      if (lane >= delta) {
        row_sum += more_rows;
        item_sum += more_items;
      }
    }
    const int row = rows_before + row_sum - rows, item = items_before + item_sum - items;
    if (index < count) plan.first[index] = {row, item};
    for (int i = 0; i < rows && row + i < max_rows; ++i) plan.rows[row + i] = {span.first_row + i, index};
    for (int i = 0; i < items && item + i < max_items; ++i) plan.items[item + i] = {index, i};
    rows_before += shuffle(row_sum, 31);
    items_before += shuffle(item_sum, 31);
  }
  for (int i = rows_before + lane; i < max_rows; i += 32) plan.rows[i] = {-1, 0};
  if (lane == 0) plan.item_count[0] = items_before < max_items ? items_before : max_items;
}

}  // namespace evalrun::cuda

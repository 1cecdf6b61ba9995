// Lists the work of a step's decode spans on the device, from the spans themselves: a captured step that is replayed at other
// positions plans itself anew.
#pragma once
#include "cuda/kernels/attention_arguments.h"
#include "cuda/kernels/primitives.cuh"

namespace evalrun::cuda {

// What the lanes before this one hold, and what all do.
struct WarpSum {
  int before, all;
};
__device__ __forceinline__ WarpSum warp_sum(int value) {
  const int lane = threadIdx.x % 32;
  int sum = value;
  for (int delta = 1; delta < 32; delta *= 2) {
    const int more = shuffle_up(sum, delta);
    if (lane >= delta) sum += more;
  }
  return {sum - value, shuffle(sum, 31)};
}

// One warp; a span per lane and round. Whole splits come before the shorter ones at the spans' ends, so that blocks
// which take every n-th are done at about the same time.
__global__ void plan_decode(const Span* spans, int count, int max_rows, int max_items, DecodePlan plan) {
  begin_kernel();
  const int lane = threadIdx.x;
  const auto span_at = [&](int index) {
    Span span = {};
    if (index < count && spans[index].decode) span = spans[index];
    return span;
  };
  const int split_tokens = plan.split_tokens();
  const auto tokens = [](const Span& span) { return span.count > 0 ? span.start_position + span.count : 0; };
  int rows = 0, whole = 0;
  for (int base = 0; base < count; base += 32) {
    const int index = base + lane;
    const Span span = span_at(index);
    const WarpSum row = warp_sum(span.count), item = warp_sum(tokens(span) / split_tokens);
    if (index < count) plan.first[index] = {rows + row.before, whole + item.before, 0, 0};
    for (int i = 0; i < span.count && rows + row.before + i < max_rows; ++i) {
      plan.rows[rows + row.before + i] = {span.first_row + i, index};
    }
    rows += row.all;
    whole += item.all;
  }
  for (int i = rows + lane; i < max_rows; i += 32) plan.rows[i] = {-1, 0};

  int ends = 0;
  for (int base = 0; base < count; base += 32) {
    const int index = base + lane;
    const Span span = span_at(index);
    const int splits = tokens(span) / split_tokens;
    const bool has_end = tokens(span) % split_tokens != 0;
    const WarpSum end = warp_sum(has_end ? 1 : 0);
    if (index < count) {
      plan.first[index].whole = splits;
      plan.first[index].end = whole + ends + end.before;
      for (int i = 0; i < splits && plan.first[index].item + i < max_items; ++i) {
        plan.items[plan.first[index].item + i] = {index, i};
      }
      if (has_end && whole + ends + end.before < max_items) plan.items[whole + ends + end.before] = {index, splits};
    }
    ends += end.all;
  }
  if (lane == 0) plan.item_count[0] = whole + ends < max_items ? whole + ends : max_items;
}

}  // namespace evalrun::cuda

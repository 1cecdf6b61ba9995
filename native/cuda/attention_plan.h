// What the attention kernels need to know about a step's spans beyond the spans: made on the host once per step, at the first layer.
#pragma once
#include <memory>
#include <vector>

#include "cuda/context.h"
#include "cuda/kernels/attention_arguments.h"

namespace evalrun::cuda {

// Decode spans are planned on the device from Spans::device. Of Spans::host only the counts and an upper bound of the positions
// matter for them, so a captured step may be replayed at later positions, up to those that Spans::host held when it was captured.
struct AttentionPlan {
  int64_t step = 0;
  // What the plan was made from.
  const Span* device_spans = nullptr;
  std::vector<Span> spans;
  std::vector<int32_t> pages;
  int split_pages = 0;

  int rows = 0;  // of all spans
  int decode_rows = 0;
  int max_count = 0;   // rows of the longest decode span
  int max_items = 0;   // a power of two, at least the splits of all decode spans
  DecodePlan decode = {};

  // The prompt spans' tiles of `rows` (query, head of the group) pairs, those with the most keys first.
  struct Tiles {
    int group, rows;
    int count;
    const PromptTile* device;
  };
  std::vector<Tiles> tiles;
  const Tiles& prompt_tiles(Context& ctx, int group, int rows);
  int max_prompt_count = 0;  // rows of the longest prompt span

  // The distinct pages of the prompt spans; made when first asked for. slot_of[i] is the place in `page_of_slot` of entry i of
  // the page table.
  int distinct_pages = 0;
  const int32_t* page_of_slot = nullptr;
  const int32_t* slot_of = nullptr;
  void find_distinct_pages(Context& ctx);
};

// The plan of the running step for these spans, with decode spans cut every `split_pages` pages.
AttentionPlan& attention_plan(Context& ctx, const Spans& spans, int split_pages);

// In the place of what ops ask for, if above 0. For measurements and tests: rows have other bits with other splits.
inline int split_pages_instead = 0;

}  // namespace evalrun::cuda

// The plan of a step's attention.
#include "cuda/attention_plan.h"

#include <algorithm>
#include <unordered_map>

#include "cuda/kernels/plan_decode.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {
namespace {

bool same(const Span& a, const Span& b) {
  return a.first_row == b.first_row && a.count == b.count && a.start_position == b.start_position &&
         a.first_page == b.first_page && a.decode == b.decode;
}

bool fits(const AttentionPlan& plan, const Context& ctx, const Spans& spans, int split_pages) {
  return plan.step == ctx.step && plan.split_pages == split_pages && plan.device_spans == spans.device &&
         static_cast<int>(plan.spans.size()) == spans.count && static_cast<int>(plan.pages.size()) == spans.page_count &&
         std::equal(plan.spans.begin(), plan.spans.end(), spans.host, same) &&
         std::equal(plan.pages.begin(), plan.pages.end(), spans.host_pages);
}

int last_position(const Span& span) { return span.start_position + span.count - 1; }

void plan_decoding(Context& ctx, AttentionPlan& plan, const Spans& spans) {
  if (plan.decode_rows == 0) return;
  plan.decode = {ctx.step_memory.take<DecodeRow>(plan.decode_rows, "attention: decode rows"),
                 ctx.step_memory.take<SplitItem>(plan.max_items, "attention: splits"),
                 ctx.step_memory.take<DecodeFirst>(spans.count, "attention: first splits"),
                 ctx.step_memory.take<int>(1, "attention: count of splits"),
                 plan.split_pages};
  launch(ctx, "plan_decode", plan_decode, dim3(1), dim3(32), 0, spans.device, spans.count, plan.decode_rows, plan.max_items,
         plan.decode);
}

}  // namespace

AttentionPlan& attention_plan(Context& ctx, const Spans& spans, int split_pages) {
  if (split_pages_instead > 0) split_pages = split_pages_instead;
  if (ctx.attention_plan && fits(*ctx.attention_plan, ctx, spans, split_pages)) return *ctx.attention_plan;
  auto plan = std::make_shared<AttentionPlan>();
  plan->step = ctx.step;
  plan->split_pages = split_pages;
  plan->device_spans = spans.device;
  plan->spans.assign(spans.host, spans.host + spans.count);
  plan->pages.assign(spans.host_pages, spans.host_pages + spans.page_count);
  int items = 0;
  for (const Span& span : plan->spans) {
    if (span.count <= 0) continue;
    plan->rows += span.count;
    if (!span.decode) {
      plan->max_prompt_count = std::max(plan->max_prompt_count, span.count);
      continue;
    }
    plan->decode_rows += span.count;
    plan->max_count = std::max(plan->max_count, span.count);
    items += last_position(span) / (split_pages * kPageTokens) + 1;
  }
  // Rounded up, so that step after step makes the same launches as contexts grow (launch_recorder.h).
  for (plan->max_items = 1; plan->max_items < items;) plan->max_items *= 2;
  plan_decoding(ctx, *plan, spans);
  ctx.attention_plan = plan;
  return *plan;
}

const AttentionPlan::Tiles& AttentionPlan::prompt_tiles(Context& ctx, int group, int rows) {
  for (const Tiles& known : tiles) {
    if (known.group == group && known.rows == rows) return known;
  }
  std::vector<PromptTile> list;
  for (size_t s = 0; s < spans.size(); ++s) {
    if (spans[s].decode) continue;
    for (int first = 0; first < spans[s].count * group; first += rows) list.push_back({static_cast<int>(s), first});
  }
  // The longest first, so that none is left alone at the end; those of equal length, often of a shared prefix, stay together.
  const auto keys = [&](const PromptTile& tile) {
    const Span& span = spans[tile.span];
    return std::min(last_position(span), span.start_position + (tile.first + rows - 1) / group) / kPageTokens;
  };
  std::stable_sort(list.begin(), list.end(), [&](const auto& a, const auto& b) { return keys(a) > keys(b); });
  const int count = static_cast<int>(list.size());
  tiles.push_back({group, rows, count, count == 0 ? nullptr : ctx.stage(list.data(), count, "attention: prompt tiles")});
  return tiles.back();
}

void AttentionPlan::find_distinct_pages(Context& ctx) {
  if (slot_of != nullptr) return;
  std::unordered_map<int32_t, int32_t> slots;
  std::vector<int32_t> distinct, of(pages.size(), -1);
  for (const Span& span : spans) {
    if (span.decode || span.count <= 0) continue;
    for (int i = span.first_page; i <= span.first_page + last_position(span) / kPageTokens; ++i) {
      const auto [entry, added] = slots.try_emplace(pages[i], static_cast<int32_t>(distinct.size()));
      if (added) distinct.push_back(pages[i]);
      of[i] = entry->second;
    }
  }
  distinct_pages = static_cast<int>(distinct.size());
  if (distinct_pages == 0) return;
  page_of_slot = ctx.stage(distinct.data(), distinct_pages, "attention: distinct pages");
  slot_of = ctx.stage(of.data(), static_cast<int64_t>(of.size()), "attention: slots of pages");
}

}  // namespace evalrun::cuda

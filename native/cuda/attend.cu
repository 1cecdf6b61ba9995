// Chooses among the instances of the attention kernels, by width.
#include "cuda/attend.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "cuda/kernels/attend_prompt.cuh"
#include "cuda/kernels/attend_prompt_wgmma.cuh"
#include "cuda/kernels/attend_rows.cuh"
#include "cuda/kernels/attend_split.cuh"
#include "cuda/kernels/combine_splits.cuh"
#include "cuda/kernels/split_pages.cuh"
#include "cuda/kv_layout.h"
#include "cuda/linear_operand.h"
#include "ops/numeric.h"

namespace evalrun::cuda {
namespace {

constexpr int kKiB = 1024;

// The widest instance of attend_prompt_wgmma.
constexpr int kWgmmaKeys = 192, kWgmmaValues = 128;

// Whether wgmma gives the bits of mma on this GPU: two query heads of a prompt of three pages, of which the last is not full. Both are
// right by their tests; that they agree is what lets either compute a row, and shows that the descriptors mean what they are taken for.
template <int kQk, int kV>
bool attends_alike(Context& ctx) {
  constexpr int kCount = 2 * kPageTokens + 2, kPages = 3, kGroup = 2, kWarps = 8;
  const char* what = "a trial of attention";
  uint32_t state = 1;
  const auto random = [&] {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state)) * 0x1p-30f;  // -2 to 2
  };
  const auto bf16_rows = [&](int columns) {
    std::vector<uint16_t> rows(static_cast<size_t>(kPages * kPageTokens * columns));
    for (uint16_t& value : rows) value = float_to_bf16(random());
    return PagedRows{ctx.stage(rows.data(), static_cast<int64_t>(rows.size()), what), int64_t{kPageTokens} * columns, 0, columns, columns};
  };
  std::vector<float> queries(static_cast<size_t>(kCount * kGroup * kQk));
  for (float& value : queries) value = random();
  const int32_t pages[kPages] = {2, 0, 1};
  const Span span{0, kCount, 0, 0, false};
  std::vector<PromptTile> tiles;
  for (int first = 0; first < kCount * kGroup; first += kWarps * 16) tiles.push_back({0, first});
  constexpr int64_t kOutputs = int64_t{kCount} * kGroup * kV;
  PromptArguments a = {};
  a.q = ctx.stage(queries.data(), static_cast<int64_t>(queries.size()), what);
  a.q_stride = kGroup * kQk;
  a.keys = bf16_rows(kQk);
  a.values = bf16_rows(kV);
  a.pages = ctx.stage(pages, kPages, what);
  a.spans = ctx.stage(&span, 1, what);
  a.tiles = ctx.stage(tiles.data(), static_cast<int64_t>(tiles.size()), what);
  a.group = kGroup;
  a.scale_log2 = kLog2E / 8;
  std::vector<float> found[2];
  for (const bool wgmma : {false, true}) {
    a.y = {ctx.scratch.take<float>(kOutputs, what), kGroup * kV};
    const dim3 grid(1, static_cast<unsigned>(tiles.size())), block(kWarps * 32);
    if (wgmma) launch(ctx, "attend_prompt wgmma", attend_prompt_wgmma<kQk, kV>, grid, block, kPromptWgmmaBytes<kQk, kV>, a);
    else launch(ctx, "attend_prompt", attend_prompt<kQk, kV, kOnePart>, grid, block, prompt_shared_bytes<kQk, kV, kOnePart>(kWarps), a);
    std::vector<float>& y = found[wgmma ? 1 : 0];
    y.resize(kOutputs);
    check(cudaMemcpyAsync(y.data(), a.y.y, kOutputs * sizeof(float), cudaMemcpyDeviceToHost, ctx.stream), what);
    check(cudaStreamSynchronize(ctx.stream), what);
  }
  return std::memcmp(found[0].data(), found[1].data(), kOutputs * sizeof(float)) == 0;
}

template <int kQk, int kV, int kParts>
void launch_prompts(Context& ctx, AttentionPlan& plan, PromptArguments a, int kv_heads) {
  // 128 rows share what is read of a page; fewer where there would be fewer blocks than multiprocessors, or where their queries
  // need shared memory that the device lacks.
  int warps = 8;
  if (plan.prompt_tiles(ctx, a.group, warps * 16).count * kv_heads < ctx.multiprocessors) warps = 4;
  const auto run = [&](const char* name, auto kernel, int shared_bytes) {
    const AttentionPlan::Tiles& tiles = plan.prompt_tiles(ctx, a.group, warps * 16);
    a.tiles = tiles.device;
    launch(ctx, name, kernel, dim3(kv_heads, tiles.count), dim3(warps * 32), shared_bytes, a);
  };
  if constexpr (kParts == kOnePart && kQk <= kWgmmaKeys && kV <= kWgmmaValues) {
    if (prompts_by_wgmma(ctx, a.keys.columns, a.values.columns)) {
      return run("attend_prompt wgmma", attend_prompt_wgmma<kQk, kV>, kPromptWgmmaBytes<kQk, kV>);
    }
  }
  while (prompt_shared_bytes<kQk, kV, kParts>(warps) > max_shared_bytes(ctx)) warps /= 2;
  run("attend_prompt", attend_prompt<kQk, kV, kParts>, prompt_shared_bytes<kQk, kV, kParts>(warps));
}

template <class S>
void launch_splits(Context& ctx, SplitArguments a, int64_t units) {
  // As many blocks on a multiprocessor as leave each a ring of two pages, or one with whatever ring it can have.
  const int limit = max_shared_bytes(ctx);
  int blocks = 4;
  const auto slots_of = [&](int share) { return std::min(6, (limit / share - kKiB - S::shared_bytes(0)) / S::kSlotBytes); };
  while (blocks > 1 && slots_of(blocks) < 4) --blocks;
  a.slots = slots_of(blocks);
  const int64_t grid = std::min<int64_t>(units, static_cast<int64_t>(ctx.multiprocessors) * blocks);
  launch(ctx, "attend_split", attend_split<S>, dim3(static_cast<unsigned>(grid)), dim3(S::kWarps * 32), S::shared_bytes(a.slots),
         a);
}

template <int kRowTiles, int kParts = kOnePart>
using LatentShape = SplitShape<576, 512, true, 4, 2, kRowTiles, kParts>;
template <int kColumns, int kRowTiles>
using DenseShape = SplitShape<kColumns, kColumns, false, kColumns == 256 ? 2 : 1, 4, kRowTiles>;

template <int kRowTiles>
void choose_splits(Context& ctx, const SplitArguments& a, bool latent, int64_t units) {
  const int columns = std::max(a.keys.columns, a.values.columns);
  if (latent) launch_splits<LatentShape<kRowTiles>>(ctx, a, units);
  else if (columns <= 64) launch_splits<DenseShape<64, kRowTiles>>(ctx, a, units);
  else if (columns <= 128) launch_splits<DenseShape<128, kRowTiles>>(ctx, a, units);
  else launch_splits<DenseShape<256, kRowTiles>>(ctx, a, units);
}

int split_columns(const SplitArguments& a, bool latent) {
  if (latent) return LatentShape<1>::kV;
  const int columns = std::max(a.keys.columns, a.values.columns);
  return columns <= 64 ? 64 : columns <= 128 ? 128 : 256;
}

}  // namespace

int max_shared_bytes(const Context& ctx) {
  const int capability = ctx.compute_capability;
  if (capability == 80 || capability == 87) return 163 * kKiB;
  if (capability >= 90 && capability < 120) return 227 * kKiB;
  return 99 * kKiB;
}

bool takes_prompts(const Context& ctx, int key_columns, int value_columns, int parts) {
  if (key_columns % 8 != 0 || value_columns % 8 != 0) return false;
  const int limit = max_shared_bytes(ctx);
  if (parts == kFloatParts) {
    if (key_columns <= 64 && value_columns <= 64) return prompt_shared_bytes<64, 64, kFloatParts>(1) <= limit;
    return key_columns <= 192 && value_columns <= 128 && prompt_shared_bytes<192, 128, kFloatParts>(1) <= limit;
  }
  if (key_columns <= 192 && value_columns <= 128) return prompt_shared_bytes<192, 128, kOnePart>(1) <= limit;
  return key_columns <= 256 && value_columns <= 256 && prompt_shared_bytes<256, 256, kOnePart>(1) <= limit;
}

bool prompts_by_wgmma(Context& ctx, int key_columns, int value_columns) {
  if (ctx.wgmma_attention == WgmmaAttention::kNever || ctx.compute_capability != 90) return false;
  const int columns = std::max(key_columns, value_columns);
  if (columns > kWgmmaKeys || value_columns > kWgmmaValues) return false;
  if (ctx.wgmma_attention == WgmmaAttention::kAlways) return true;
  const int instance = columns <= 64 ? 0 : columns <= 128 ? 1 : 2;
  std::optional<bool>& alike = ctx.wgmma_attends_alike[instance];
  if (!alike.has_value()) {
    alike = instance == 0 ? attends_alike<64, 64>(ctx) : instance == 1 ? attends_alike<128, 128>(ctx) : attends_alike<192, 128>(ctx);
  }
  return *alike;
}

int heads_at_once(int heads, int pages, int columns, int element_bytes) {
  return static_cast<int>(std::clamp<int64_t>(max_expanded_bytes / (int64_t{pages} * kPageTokens * columns * element_bytes), 1, heads));
}

PagedRows expanded_rows(const void* data, int heads, int columns, int parts) {
  const int64_t plane = dense_kv_page(0, 1, 1, columns);
  return {data, heads * parts * plane, parts * plane, columns, columns, plane};
}

PagedRows split_rows(Context& ctx, const AttentionPlan& plan, const PagedRows& rows, uint16_t* parts) {
  launch(ctx, "split_pages", split_pages, dim3(plan.distinct_pages), dim3(256), 0, SplitPagesArguments{rows, plan.page_of_slot, parts});
  return expanded_rows(parts, 1, rows.columns, kFloatParts);
}

bool takes_splits(const Context& ctx, int key_columns, int value_columns, bool latent, int parts) {
  if (key_columns % 8 != 0 || value_columns % 8 != 0) return false;
  const int limit = max_shared_bytes(ctx) - kKiB;
  if (parts == kFloatParts) {
    return latent && key_columns <= 576 && value_columns <= 512 && LatentShape<1, kFloatParts>::shared_bytes(2) <= limit;
  }
  if (latent) return key_columns <= 576 && value_columns <= 512 && LatentShape<2>::shared_bytes(3) <= limit;
  return key_columns <= 256 && value_columns <= 256 && DenseShape<256, 2>::shared_bytes(3) <= limit;
}

void attend_prompts(Context& ctx, AttentionPlan& plan, PromptArguments a, int kv_heads, int parts) {
  if (plan.max_prompt_count == 0) return;
  const int k = a.keys.columns, v = a.values.columns;
  if (parts == kFloatParts) {
    if (k <= 64 && v <= 64) launch_prompts<64, 64, kFloatParts>(ctx, plan, a, kv_heads);
    else launch_prompts<192, 128, kFloatParts>(ctx, plan, a, kv_heads);
    return;
  }
  if (k <= 64 && v <= 64) launch_prompts<64, 64, kOnePart>(ctx, plan, a, kv_heads);
  else if (k <= 128 && v <= 128) launch_prompts<128, 128, kOnePart>(ctx, plan, a, kv_heads);
  else if (k <= 192 && v <= 128) launch_prompts<192, 128, kOnePart>(ctx, plan, a, kv_heads);
  else launch_prompts<256, 256, kOnePart>(ctx, plan, a, kv_heads);
}

SplitResults attend_splits(Context& ctx, const AttentionPlan& plan, SplitArguments a, bool latent, int parts) {
  const int rows = plan.max_count * a.group;
  const int heads = a.kv_heads * a.group;
  a.plan = plan.decode;
  a.max_count = plan.max_count;
  const int block_rows = rows <= 16 || parts == kFloatParts ? 16 : 32;
  a.row_blocks = static_cast<int>(ceil_div(rows, block_rows));
  const int columns = split_columns(a, latent);
  const int64_t results = static_cast<int64_t>(plan.max_items) * plan.max_count * heads;
  a.output = ctx.scratch.take<float>(results * columns, "attention: outputs of splits");
  a.sums = ctx.scratch.take<float2>(results, "attention: sums of splits");
  const int64_t units = static_cast<int64_t>(plan.max_items) * a.kv_heads * a.row_blocks;
  // The parts of 32 rows' queries would not fit into registers.
  if (parts == kFloatParts) launch_splits<LatentShape<1, kFloatParts>>(ctx, a, units);
  else if (rows <= 16) choose_splits<1>(ctx, a, latent, units);
  else choose_splits<2>(ctx, a, latent, units);
  return {a.spans,   plan.decode, a.output,     a.sums, plan.max_count, heads, a.values.columns,
          columns, a.scale_log2, a.window};
}

AttendedRows attended_rows(Context& ctx, const AttentionPlan& plan, float* y, int64_t y_stride, int64_t columns) {
  AttendedRows rows{y, y_stride};
  // Whole panels, so that there is no padding to be cleared; FP8's scales want 128 columns of a row at once.
  if (columns * 2 % kRowBytes != 0 || ctx.operands.wanted(y, y_stride, columns) != Precision::kBF16) return rows;
  const Operand& operand = ctx.operands.add({y, y_stride, plan.rows, columns, Precision::kBF16}, ctx.step, ctx.step_memory);
  rows.operand = static_cast<uint16_t*>(operand.values);
  rows.operand_stride = operand.row_bytes / 2;
  return rows;
}

void combine_dense(Context& ctx, const AttentionPlan& plan, const SplitResults& splits, const AttendedRows& y) {
  launch(ctx, "combine_splits", combine_splits<2, false>,
         dim3(plan.decode_rows, static_cast<unsigned>(ceil_div(splits.heads, 4))), dim3(128), 0, splits, y);
}

void combine_latent(Context& ctx, const AttentionPlan& plan, const SplitResults& splits, float* latents) {
  launch(ctx, "combine_splits", combine_splits<4, true>,
         dim3(plan.decode_rows, static_cast<unsigned>(ceil_div(splits.heads, 4))), dim3(128), 0, splits,
         AttendedRows{latents, int64_t{splits.heads} * splits.columns});
}

void attend_all_rows(Context& ctx, const AttentionPlan& plan, const RowsArguments& a, int kv_heads, int spans) {
  const int count = a.which == Rows::kPrompt   ? plan.max_prompt_count
                    : a.which == Rows::kDecode ? plan.max_count
                                               : std::max(plan.max_prompt_count, plan.max_count);
  const auto tiles = static_cast<unsigned>(ceil_div(static_cast<int64_t>(count) * a.group, kTileRows));
  launch(ctx, "attend_rows", attend_rows, dim3(tiles, kv_heads, spans), dim3(kTileThreads),
         rows_shared_bytes(a.keys.columns, a.values.columns), a);
}

}  // namespace evalrun::cuda

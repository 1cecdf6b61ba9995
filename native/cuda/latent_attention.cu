// LatentAttentionOp: Multi-head Latent Attention. Prompt spans expand the keys and values of their distinct pages and attend as dense
// attention does; decode spans absorb the expansion into their queries.
#include <algorithm>
#include <stdexcept>
#include <type_traits>

#include "cuda/attend.h"
#include "cuda/kernels/latent_expand_wgmma.cuh"
#include "cuda/kernels/latent_project.cuh"
#include "cuda/kernels/latent_rows.cuh"
#include "cuda/kernels/split_weight.cuh"
#include "cuda/kernels/store_and_absorb.cuh"
#include "cuda/kv_layout.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"
#include "cuda/store_latent.h"

namespace evalrun::cuda {
namespace {

PagedRows cached_rows(const LatentAttentionOp& op, int columns) {
  const int width = op.rank + op.rope_dim;
  return {op.cache, latent_kv_row(kPageTokens, op.rank, op.rope_dim), 0, width, columns};
}

bool on_matrices(const Context& ctx, const LatentAttentionOp& op) {
  return op.precision == Precision::kBF16 && op.kv_dtype == DType::kBF16 && op.kv_b.dtype == DType::kBF16 &&
         op.nope_dim % 8 == 0 && op.rope_dim % 8 == 0 && takes_prompts(ctx, op.nope_dim + op.rope_dim, op.v_dim, kOnePart) &&
         takes_splits(ctx, op.rank + op.rope_dim, op.rank, true, kOnePart);
}

// Spans of float32 in parts of bfloat16: those of prompts, and decode spans.
bool in_parts(const LatentAttentionOp& op) {
  return op.in_parts && op.precision == Precision::kF32 && op.kv_dtype == DType::kF32;
}
bool prompts_in_parts(const Context& ctx, const LatentAttentionOp& op) {
  return in_parts(op) && op.nope_dim % 8 == 0 && op.rope_dim % 8 == 0 && op.rank % 8 == 0 &&
         takes_prompts(ctx, op.nope_dim + op.rope_dim, op.v_dim, kFloatParts) &&
         ExpandShape<kFloatParts, kFloatParts>::kSharedBytes <= max_shared_bytes(ctx);
}
bool decodes_in_parts(const Context& ctx, const LatentAttentionOp& op) {
  return in_parts(op) && takes_splits(ctx, op.rank + op.rope_dim, op.rank, true, kFloatParts);
}

LatentWeight weight_of(const LatentAttentionOp& op) {
  return {op.kv_b.data, op.kv_b.dtype, op.kv_b.row_stride(), ceil_div(op.kv_b.columns, kQuantBlock), op.kv_b.scale};
}

template <int kLatentParts, int kWeightParts, bool kScaled = false>
void launch_expand(Context& ctx, const ExpandArguments& a) {
  using S = ExpandShape<kLatentParts, kWeightParts>;
  const dim3 grid(static_cast<unsigned>(ceil_div(a.heads * (a.nope_dim + a.v_dim), kExpandTile)),
                  static_cast<unsigned>(ceil_div(a.slots * kPageTokens, kExpandTile)));
  launch(ctx, "expand_latent", expand_latent<kLatentParts, kWeightParts, kScaled>, grid, dim3(256), S::kSharedBytes, a);
}

// By wgmma where products of its size are.
void launch_expand_bf16(Context& ctx, const ExpandArguments& a) {
  using Shape = ExpandWgmmaShape;
  if (ctx.wgmma == Wgmma::kNever || ctx.compute_capability != 90 || a.rank * 2 % kPanelRowBytes != 0) {
    return launch_expand<kOnePart, kOnePart>(ctx, a);
  }
  const dim3 grid(static_cast<unsigned>(ceil_div(a.heads * (a.nope_dim + a.v_dim), Shape::kColumns)),
                  static_cast<unsigned>(ceil_div(a.slots * kPageTokens, Shape::kRows)));
  launch(ctx, "expand_latent wgmma", expand_latent_wgmma, grid, dim3(Shape::kThreads), Shape::kSharedBytes, a);
}

// What all heads' expansions share: latents and weights, in parts where neither the weights nor their codes are bfloat16 numbers.
ExpandArguments expansion(Context& ctx, const AttentionPlan& plan, const LatentAttentionOp& op, int parts) {
  const PagedRows cached = cached_rows(op, op.rank + op.rope_dim);
  ExpandArguments a = {};
  a.rank = op.rank;
  a.rope_dim = op.rope_dim;
  a.nope_dim = op.nope_dim;
  a.v_dim = op.v_dim;
  a.slots = plan.distinct_pages;
  if (parts == kOnePart) {
    a.latents = cached;
    a.page_of_slot = plan.page_of_slot;
  } else {
    const int64_t elements = int64_t{plan.distinct_pages} * kFloatParts * kPageTokens * cached.columns;
    a.latents = split_rows(ctx, plan, cached, ctx.scratch.take<uint16_t>(elements, "latent attention: latents in parts"));
  }
  if (op.kv_b.dtype == DType::kBF16) {
    a.weight = static_cast<const uint16_t*>(op.kv_b.data);
    a.weight_stride = op.kv_b.row_stride();
  } else {
    const bool codes = op.kv_b.dtype == DType::kF8E4M3;
    uint16_t* weight =
        ctx.scratch.take<uint16_t>((codes ? 1 : kFloatParts) * op.kv_b.rows * op.rank, "latent attention: kv_b in parts");
    launch(ctx, codes ? "decode_codes" : "split_weight", codes ? decode_codes : split_weight,
           dim3(static_cast<unsigned>(op.kv_b.rows)), dim3(128), 0, SplitWeightArguments{weight_of(op), op.rank, weight});
    a.scale = op.kv_b.scale;
    a.scale_columns = static_cast<int>(ceil_div(op.rank, kQuantBlock));
    a.weight = weight;
    a.weight_stride = op.rank;
    a.weight_part_stride = op.kv_b.rows * op.rank;
  }
  return a;
}

void attend_expanded(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, int parts, const AttendedRows& y) {
  plan.find_distinct_pages(ctx);
  const int pages = plan.distinct_pages;
  const int key_columns = op.nope_dim + op.rope_dim;
  const int at_once = heads_at_once(op.heads, pages, key_columns + op.v_dim, 2 * parts);
  const int64_t rows = int64_t{pages} * at_once * parts * kPageTokens;
  const ExpandArguments all = expansion(ctx, plan, op, parts);
  uint16_t* keys = ctx.scratch.take<uint16_t>(rows * key_columns, "latent attention: expanded keys");
  uint16_t* values = ctx.scratch.take<uint16_t>(rows * op.v_dim, "latent attention: expanded values");
  for (int first = 0; first < op.heads; first += at_once) {
    ExpandArguments a = all;
    a.heads = std::min(at_once, op.heads - first);
    a.first_weight_row = first * (op.nope_dim + op.v_dim);
    a.weight += int64_t{a.first_weight_row} * a.weight_stride;
    a.keys = keys;
    a.values = values;
    if (parts == kOnePart) launch_expand_bf16(ctx, a);
    else if (op.kv_b.dtype == DType::kBF16) launch_expand<kFloatParts, kOnePart>(ctx, a);
    else if (op.kv_b.dtype == DType::kF8E4M3) launch_expand<kFloatParts, kOnePart, true>(ctx, a);
    else launch_expand<kFloatParts, kFloatParts>(ctx, a);
    attend_prompts(ctx, plan,
                   {op.q + int64_t{first} * key_columns, op.q_stride, expanded_rows(keys, a.heads, key_columns, parts),
                    expanded_rows(values, a.heads, op.v_dim, parts), plan.slot_of, op.spans.device, nullptr, 1,
                    op.softmax_scale * kLog2E, 0, y.from(int64_t{first} * op.v_dim)},
                   a.heads, parts);
  }
}

SplitArguments absorbed_arguments(const LatentAttentionOp& op, const void* absorbed) {
  const int cached = op.rank + op.rope_dim;
  SplitArguments a = {};
  a.q = absorbed;
  a.q_stride = int64_t{op.heads} * cached;
  a.keys = cached_rows(op, cached);
  a.values = cached_rows(op, op.rank);
  a.pages = op.spans.pages;
  a.spans = op.spans.device;
  a.kv_heads = 1;
  a.group = op.heads;
  a.scale_log2 = op.softmax_scale * kLog2E;
  return a;
}

// Queries absorbed into memory of their own, which `absorb` is to fill.
AbsorbArguments absorb_arguments(Context& ctx, const AttentionPlan& plan, const LatentAttentionOp& op) {
  uint16_t* absorbed =
      ctx.scratch.take<uint16_t>(int64_t{plan.decode_rows} * op.heads * (op.rank + op.rope_dim), "latent attention: absorbed queries");
  return {op.q, op.q_stride, static_cast<const uint16_t*>(op.kv_b.data), op.kv_b.row_stride(), op.heads, op.nope_dim, op.rope_dim, op.v_dim,
          op.rank, plan.decode.rows, plan.decode_rows, absorbed};
}

// What a grid of absorb_block() has of each.
dim3 absorb_grid(const AbsorbArguments& a) {
  return dim3(static_cast<unsigned>(ceil_div(a.rank, kAbsorbColumns)), static_cast<unsigned>(a.heads),
              static_cast<unsigned>(ceil_div(a.row_count, 16)));
}

void attend_behind(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, const AbsorbArguments& absorb, const AttendedRows& y) {
  const SplitResults splits = attend_splits(ctx, plan, absorbed_arguments(op, absorb.absorbed), true, kOnePart);
  launch(ctx, "project_latent", project_latent,
         dim3(static_cast<unsigned>(ceil_div(op.v_dim, kProjectColumns)), op.heads, static_cast<unsigned>(ceil_div(plan.decode_rows, 16))),
         dim3(256), project_shared_bytes(op.rank),
         ProjectArguments{splits, absorb.weight, absorb.weight_stride, op.nope_dim, op.v_dim, plan.decode_rows, y});
}

void attend_absorbed(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, const AttendedRows& y) {
  const AbsorbArguments absorb = absorb_arguments(ctx, plan, op);
  launch(ctx, "absorb_queries", absorb_queries, absorb_grid(absorb), dim3(128), absorb_shared_bytes(op.nope_dim), absorb);
  attend_behind(ctx, plan, op, absorb, y);
}

// --- without matrix units -------------------------------------------------------------------------------------------------

struct RowsForm {
  LatentDims dims;
  LatentWeight weight;
  bool bf16, round;
};

void attend_expanded_rows(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, const RowsForm& form) {
  plan.find_distinct_pages(ctx);
  const int pages = plan.distinct_pages;
  const int key_columns = op.nope_dim + op.rope_dim;
  const int at_once = heads_at_once(op.heads, pages, key_columns + op.v_dim, 4);
  const int64_t rows = int64_t{pages} * at_once * kPageTokens;
  float* keys = ctx.scratch.take<float>(rows * key_columns, "latent attention: expanded keys");
  float* values = ctx.scratch.take<float>(rows * op.v_dim, "latent attention: expanded values");
  for (int first = 0; first < op.heads; first += at_once) {
    const int heads = std::min(at_once, op.heads - first);
    const int columns = op.nope_dim + op.v_dim + op.rope_dim;
    launch(ctx, "expand_rows", expand_rows, dim3(static_cast<unsigned>(ceil_div(columns, 64)), heads, pages), dim3(256),
           2 * 64 * 33 * 4,
           ExpandRowsArguments{form.dims, first, heads, op.cache, form.bf16, plan.page_of_slot, form.weight, form.round, keys,
                               values});
    attend_all_rows(ctx, plan,
                    {op.q + int64_t{first} * key_columns, op.q_stride, expanded_rows(keys, heads, key_columns, 1),
                     expanded_rows(values, heads, op.v_dim, 1), false, plan.slot_of, op.spans.device, Rows::kPrompt, nullptr, 1,
                     op.softmax_scale, 0, form.round, op.y + int64_t{first} * op.v_dim, op.y_stride},
                    heads, op.spans.count);
  }
}

// with(type, rows): std::integral_constants of kv_b's type and of the decode rows of a block.
template <class With>
void with_latent_rows(DType type, int rows, const With& with) {
  const auto with_rows = [&](auto type_constant) {
    if (rows == 1) with(type_constant, std::integral_constant<int, 1>());
    else with(type_constant, std::integral_constant<int, kRowsOfLatentBlock>());
  };
  switch (type) {
    case DType::kF32: return with_rows(std::integral_constant<DType, DType::kF32>());
    case DType::kBF16: return with_rows(std::integral_constant<DType, DType::kBF16>());
    case DType::kF16: return with_rows(std::integral_constant<DType, DType::kF16>());
    case DType::kF8E4M3: return with_rows(std::integral_constant<DType, DType::kF8E4M3>());
  }
}

// The cache is read with `parts` on the matrix units; the products around it are not.
void attend_absorbed_rows(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, const RowsForm& form, bool parts) {
  const int cached = op.rank + op.rope_dim;
  const int64_t rows = int64_t{plan.decode_rows} * op.heads;
  float* absorbed = ctx.scratch.take<float>(rows * cached, "latent attention: absorbed queries");
  float* latents = ctx.scratch.take<float>(rows * op.rank, "latent attention: sums of latents");
  with_latent_rows(form.weight.dtype, plan.decode_rows, [&](auto type, auto rows_of_block) {
    launch(ctx, "absorb_rows", absorb_rows<type(), rows_of_block()>,
           dim3(static_cast<unsigned>(ceil_div(cached, 128)), op.heads, static_cast<unsigned>(ceil_div(plan.decode_rows, rows_of_block()))),
           dim3(128), 0,
           AbsorbRowsArguments{form.dims, op.q, op.q_stride, plan.decode.rows, plan.decode_rows, form.weight, form.round, absorbed});
  });
  if (parts) {
    combine_latent(ctx, plan, attend_splits(ctx, plan, absorbed_arguments(op, absorbed), true, kFloatParts), latents);
  } else {
    attend_all_rows(ctx, plan,
                    {absorbed, int64_t{op.heads} * cached, cached_rows(op, cached), cached_rows(op, op.rank), form.bf16,
                     op.spans.pages, op.spans.device, Rows::kDecode, plan.decode.first, op.heads, op.softmax_scale, 0, form.round,
                     latents, int64_t{op.heads} * op.rank},
                    1, op.spans.count);
  }
  with_latent_rows(form.weight.dtype, plan.decode_rows, [&](auto type, auto rows_of_block) {
    launch(ctx, "project_rows", project_rows<type(), rows_of_block()>,
           dim3(static_cast<unsigned>(ceil_div(op.v_dim, 4)), op.heads, static_cast<unsigned>(ceil_div(plan.decode_rows, rows_of_block()))),
           dim3(128), 0,
           ProjectRowsArguments{form.dims, latents, plan.decode.rows, plan.decode_rows, form.weight, form.round, op.y, op.y_stride});
  });
}

void check_op(const LatentAttentionOp& op) {
  if (op.precision == Precision::kFP8) throw std::invalid_argument("latent attention: precision is f32 or bf16, not fp8");
  if (op.kv_dtype != DType::kF32 && op.kv_dtype != DType::kBF16) {
    throw std::invalid_argument("latent attention: the cache holds float32 or bfloat16");
  }
  const int64_t rows = int64_t{op.heads} * (op.nope_dim + op.v_dim);
  if (op.kv_b.rows != rows || op.kv_b.columns != op.rank) {
    throw std::invalid_argument("latent attention: kv_b is [" + std::to_string(op.kv_b.rows) + ", " +
                                std::to_string(op.kv_b.columns) + "], expected [" + std::to_string(rows) + ", " +
                                std::to_string(op.rank) + "]");
  }
}

}  // namespace

const char* run_fused(Context& ctx, const AttendLatentOp& op) {
  const LatentAttentionOp& attention = op.attention;
  const RopeOp& queries = op.store.queries;
  if (queries.x != attention.q || queries.x_stride != attention.q_stride || queries.heads != attention.heads ||
      queries.offset != attention.nope_dim || queries.rope_dim != attention.rope_dim ||
      queries.head_stride != attention.nope_dim + attention.rope_dim) {
    throw std::invalid_argument("attend_latent: the queries that are turned are not those of the attention");
  }
  check_op(attention);
  AttentionPlan& plan = attention_plan(ctx, attention.spans, latent_split_pages(attention.heads));
  if (!on_matrices(ctx, attention) || plan.max_prompt_count > 0 || plan.decode_rows == 0) return nullptr;
  const std::optional<StoreLatentArguments> store = store_latent_arguments(op.store);
  if (!store.has_value()) return nullptr;
  for (const Range& range : outputs_of(queries)) ctx.operands.invalidate(range.begin, range.bytes);
  for (const Range& range : outputs_of(attention)) ctx.operands.invalidate(range.begin, range.bytes);
  const AttendedRows y = attended_rows(ctx, plan, attention.y, attention.y_stride, int64_t{attention.heads} * attention.v_dim);
  const AbsorbArguments absorb = absorb_arguments(ctx, plan, attention);
  const dim3 grid = absorb_grid(absorb);
  const auto blocks = static_cast<unsigned>(store_latent_blocks(store->rows)) + grid.x * grid.y * grid.z;
  launch(ctx, "store_and_absorb", store_and_absorb, dim3(blocks), dim3(kLatentThreads), absorb_shared_bytes(attention.nope_dim), *store,
         absorb, QueryTurn{queries.positions, queries.cos_sin, queries.interleaved});
  attend_behind(ctx, plan, attention, absorb, y);
  return "mma";
}

const char* run(Context& ctx, const LatentAttentionOp& op) {
  check_op(op);
  AttentionPlan& plan = attention_plan(ctx, op.spans, latent_split_pages(op.heads));
  if (on_matrices(ctx, op)) {
    const AttendedRows y = attended_rows(ctx, plan, op.y, op.y_stride, int64_t{op.heads} * op.v_dim);
    if (plan.max_prompt_count > 0) attend_expanded(ctx, plan, op, kOnePart, y);
    if (plan.decode_rows > 0) attend_absorbed(ctx, plan, op, y);
    return plan.max_prompt_count > 0 && prompts_by_wgmma(ctx, op.nope_dim + op.rope_dim, op.v_dim) ? "wgmma" : "mma";
  }
  const RowsForm form{{op.heads, op.nope_dim, op.rope_dim, op.v_dim, op.rank},
                      weight_of(op),
                      op.kv_dtype == DType::kBF16,
                      op.precision == Precision::kBF16};
  const bool prompts = prompts_in_parts(ctx, op), decodes = decodes_in_parts(ctx, op);
  if (plan.max_prompt_count > 0) {
    if (prompts) attend_expanded(ctx, plan, op, kFloatParts, {op.y, op.y_stride});
    else attend_expanded_rows(ctx, plan, op, form);
  }
  if (plan.decode_rows > 0) attend_absorbed_rows(ctx, plan, op, form, decodes);
  return prompts && decodes ? "mma in parts" : prompts || decodes ? "mma in parts, simt" : "simt";
}

}  // namespace evalrun::cuda

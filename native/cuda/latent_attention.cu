// LatentAttentionOp: Multi-head Latent Attention. Prompt spans expand the keys and values of their distinct pages and attend as dense
// attention does; decode spans absorb the expansion into their queries.
#include <algorithm>
#include <stdexcept>

#include "cuda/attend.h"
#include "cuda/kernels/latent_absorb.cuh"
#include "cuda/kernels/latent_expand.cuh"
#include "cuda/kernels/latent_project.cuh"
#include "cuda/kernels/latent_rows.cuh"
#include "cuda/kv_layout.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

// Expanded keys and values may take this much scratch memory; where all heads' would be more, heads are taken in groups. (Pages
// are never: a row's sums run over all its pages.)
constexpr int64_t kExpandedBytes = int64_t{1} << 30;

int heads_at_once(const LatentAttentionOp& op, int pages, int element_bytes) {
  const int64_t head = int64_t{pages} * kPageTokens * (op.nope_dim + op.rope_dim + op.v_dim) * element_bytes;
  return static_cast<int>(std::clamp<int64_t>(kExpandedBytes / head, 1, op.heads));
}

// Rows of [slots, heads, P, columns] in scratch memory.
PagedRows expanded_rows(const void* data, int heads, int columns) {
  return {data, dense_kv_page(1, 0, heads, columns), dense_kv_page(0, 1, heads, columns), columns, columns};
}

PagedRows cached_rows(const LatentAttentionOp& op, int columns) {
  const int width = op.rank + op.rope_dim;
  return {op.cache, latent_kv_row(kPageTokens, op.rank, op.rope_dim), 0, width, columns};
}

bool on_matrices(const Context& ctx, const LatentAttentionOp& op) {
  return op.precision == Precision::kBF16 && op.kv_dtype == DType::kBF16 && op.kv_b.dtype == DType::kBF16 &&
         op.nope_dim % 8 == 0 && op.rope_dim % 8 == 0 && takes_prompts(ctx, op.nope_dim + op.rope_dim, op.v_dim) &&
         takes_splits(ctx, op.rank + op.rope_dim, op.rank, true);
}

void attend_expanded(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op) {
  plan.find_distinct_pages(ctx);
  const int pages = plan.distinct_pages;
  const int key_columns = op.nope_dim + op.rope_dim;
  const int at_once = heads_at_once(op, pages, 2);
  const int64_t rows = int64_t{pages} * at_once * kPageTokens;
  uint16_t* keys = ctx.scratch.take<uint16_t>(rows * key_columns, "latent attention: expanded keys");
  uint16_t* values = ctx.scratch.take<uint16_t>(rows * op.v_dim, "latent attention: expanded values");
  const auto* weight = static_cast<const uint16_t*>(op.kv_b.data);
  for (int first = 0; first < op.heads; first += at_once) {
    const int heads = std::min(at_once, op.heads - first);
    const int head_rows = op.nope_dim + op.v_dim;
    const dim3 grid(static_cast<unsigned>(ceil_div(heads * head_rows, kExpandTile)),
                    static_cast<unsigned>(ceil_div(pages * kPageTokens, kExpandTile)));
    launch(ctx, "expand_latent", expand_latent, grid, dim3(256), kExpandSharedBytes,
           ExpandArguments{static_cast<const uint16_t*>(op.cache), op.rank, op.rope_dim, plan.page_of_slot, pages,
                           weight + int64_t{first} * head_rows * op.kv_b.row_stride(), op.kv_b.row_stride(), heads, op.nope_dim,
                           op.v_dim, keys, values});
    attend_prompts(ctx, plan,
                   {op.q + int64_t{first} * key_columns, op.q_stride, expanded_rows(keys, heads, key_columns),
                    expanded_rows(values, heads, op.v_dim), plan.slot_of, op.spans.device, nullptr, 1,
                    op.softmax_scale * kLog2E, 0, op.y + int64_t{first} * op.v_dim, op.y_stride},
                   heads);
  }
}

void attend_absorbed(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op) {
  const int cached = op.rank + op.rope_dim;
  const auto row_blocks = static_cast<unsigned>(ceil_div(plan.decode_rows, 16));
  const auto* weight = static_cast<const uint16_t*>(op.kv_b.data);
  uint16_t* absorbed =
      ctx.scratch.take<uint16_t>(int64_t{plan.decode_rows} * op.heads * cached, "latent attention: absorbed queries");
  launch(ctx, "absorb_queries", absorb_queries,
         dim3(static_cast<unsigned>(ceil_div(op.rank, kAbsorbColumns)), op.heads, row_blocks), dim3(128),
         absorb_shared_bytes(op.nope_dim),
         AbsorbArguments{op.q, op.q_stride, weight, op.kv_b.row_stride(), op.heads, op.nope_dim, op.rope_dim, op.v_dim, op.rank,
                         plan.decode.rows, plan.decode_rows, absorbed});
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
  const SplitResults splits = attend_splits(ctx, plan, a, true);
  launch(ctx, "project_latent", project_latent,
         dim3(static_cast<unsigned>(ceil_div(op.v_dim, kProjectColumns)), op.heads, row_blocks), dim3(256),
         project_shared_bytes(op.rank),
         ProjectArguments{splits, weight, op.kv_b.row_stride(), op.nope_dim, op.v_dim, plan.decode_rows, op.y, op.y_stride});
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
  const int at_once = heads_at_once(op, pages, 4);
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
                    {op.q + int64_t{first} * key_columns, op.q_stride, expanded_rows(keys, heads, key_columns),
                     expanded_rows(values, heads, op.v_dim), false, plan.slot_of, op.spans.device, Rows::kPrompt, nullptr, 1,
                     op.softmax_scale, 0, form.round, op.y + int64_t{first} * op.v_dim, op.y_stride},
                    heads, op.spans.count);
  }
}

void attend_absorbed_rows(Context& ctx, AttentionPlan& plan, const LatentAttentionOp& op, const RowsForm& form) {
  const int cached = op.rank + op.rope_dim;
  const int64_t rows = int64_t{plan.decode_rows} * op.heads;
  float* absorbed = ctx.scratch.take<float>(rows * cached, "latent attention: absorbed queries");
  float* latents = ctx.scratch.take<float>(rows * op.rank, "latent attention: sums of latents");
  launch(ctx, "absorb_rows", absorb_rows, dim3(static_cast<unsigned>(ceil_div(cached, 128)), op.heads, plan.decode_rows),
         dim3(128), 0,
         AbsorbRowsArguments{form.dims, op.q, op.q_stride, plan.decode.rows, form.weight, form.round, absorbed});
  attend_all_rows(ctx, plan,
                  {absorbed, int64_t{op.heads} * cached, cached_rows(op, cached), cached_rows(op, op.rank), form.bf16,
                   op.spans.pages, op.spans.device, Rows::kDecode, plan.decode.first, op.heads, op.softmax_scale, 0, form.round,
                   latents, int64_t{op.heads} * op.rank},
                  1, op.spans.count);
  launch(ctx, "project_rows", project_rows, dim3(static_cast<unsigned>(ceil_div(op.v_dim, 4)), op.heads, plan.decode_rows),
         dim3(128), 0,
         ProjectRowsArguments{form.dims, latents, plan.decode.rows, form.weight, form.round, op.y, op.y_stride});
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

const char* run(Context& ctx, const LatentAttentionOp& op) {
  check_op(op);
  AttentionPlan& plan = attention_plan(ctx, op.spans);
  if (on_matrices(ctx, op)) {
    if (plan.max_prompt_count > 0) attend_expanded(ctx, plan, op);
    if (plan.decode_rows > 0) attend_absorbed(ctx, plan, op);
    return "mma";
  }
  const RowsForm form{{op.heads, op.nope_dim, op.rope_dim, op.v_dim, op.rank},
                      {op.kv_b.data, op.kv_b.dtype, op.kv_b.row_stride(), ceil_div(op.kv_b.columns, kQuantBlock), op.kv_b.scale},
                      op.kv_dtype == DType::kBF16,
                      op.precision == Precision::kBF16};
  if (plan.max_prompt_count > 0) attend_expanded_rows(ctx, plan, op, form);
  if (plan.decode_rows > 0) attend_absorbed_rows(ctx, plan, op, form);
  return "simt";
}

}  // namespace evalrun::cuda

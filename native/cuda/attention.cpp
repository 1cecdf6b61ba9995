// AttentionOp: dense grouped-query attention.
#include <algorithm>
#include <stdexcept>

#include "cuda/attend.h"
#include "cuda/kv_layout.h"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

void check_op(const AttentionOp& op) {
  if (op.kv_heads <= 0 || op.heads % op.kv_heads != 0) {
    throw std::invalid_argument("attention: " + std::to_string(op.heads) + " heads do not share " +
                                std::to_string(op.kv_heads) + " kv heads evenly");
  }
  if (op.precision == Precision::kFP8) throw std::invalid_argument("attention: precision is f32 or bf16, not fp8");
  if (op.kv_dtype != DType::kF32 && op.kv_dtype != DType::kBF16) {
    throw std::invalid_argument("attention: the cache holds float32 or bfloat16");
  }
}

struct Operands {
  PagedRows keys, values;
  int group;
};

}  // namespace

const char* run(Context& ctx, const AttentionOp& op) {
  check_op(op);
  const int dim = op.head_dim;
  const int64_t head_stride = dense_kv_page(0, 1, op.kv_heads, dim), page_stride = dense_kv_page(1, 0, op.kv_heads, dim);
  const Operands in{{op.k_cache, page_stride, head_stride, dim, dim}, {op.v_cache, page_stride, head_stride, dim, dim},
                    op.heads / op.kv_heads};
  const float scale_log2 = op.softmax_scale * kLog2E;
  AttentionPlan& plan = attention_plan(ctx, op.spans, kDenseSplitPages);

  const bool matrices = op.precision == Precision::kBF16 && op.kv_dtype == DType::kBF16 && takes_prompts(ctx, dim, dim, kOnePart) &&
                        takes_splits(ctx, dim, dim, false, kOnePart);
  if (!matrices) {
    attend_all_rows(ctx, plan,
                    {op.q, op.q_stride, in.keys, in.values, op.kv_dtype == DType::kBF16, op.spans.pages, op.spans.device, Rows::kAll,
                     nullptr, in.group, op.softmax_scale, op.window, op.precision == Precision::kBF16, op.y, op.y_stride},
                    op.kv_heads, op.spans.count);
    return "simt";
  }
  const AttendedRows y = attended_rows(ctx, plan, op.y, op.y_stride, int64_t{op.heads} * dim);
  attend_prompts(ctx, plan,
                 {op.q, op.q_stride, in.keys, in.values, op.spans.pages, op.spans.device, nullptr, in.group, scale_log2, op.window, y},
                 op.kv_heads, kOnePart);
  if (plan.decode_rows > 0) {
    SplitArguments a = {};
    a.q = op.q;
    a.q_stride = op.q_stride;
    a.keys = in.keys;
    a.values = in.values;
    a.pages = op.spans.pages;
    a.spans = op.spans.device;
    a.kv_heads = op.kv_heads;
    a.group = in.group;
    a.scale_log2 = scale_log2;
    a.window = op.window;
    combine_dense(ctx, plan, attend_splits(ctx, plan, a, false, kOnePart), y);
  }
  return plan.max_prompt_count > 0 && prompts_by_wgmma(ctx, dim, dim) ? "wgmma" : "mma";
}

}  // namespace evalrun::cuda

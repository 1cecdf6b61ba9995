// LogProbsOp: a bf16 head is reduced inside its product; logits of an f32 head pass through memory, a part of the
// vocabulary at a time.
#include "cuda/log_probs.h"

#include <algorithm>
#include <stdexcept>

#include "cuda/kernels/log_probs.cuh"
#include "cuda/kernels/log_probs_wgmma.cuh"
#include "cuda/linear_f32.h"
#include "cuda/matmul.h"
#include "ops/numeric.h"

namespace evalrun::cuda {
namespace {

constexpr int kAskedThreads = 128;
// 64 MB.
constexpr int64_t kLogitsAtOnce = int64_t{1} << 24;

dim3 blocks_for(int64_t count, int64_t of_block) { return dim3(static_cast<unsigned>(ceil_div(count, of_block))); }

template <class Shape, class Kernel>
void launch_summaries(Context& ctx, const char* name, Kernel kernel, MatmulArguments in, LogitSummary* summaries) {
  in.tile_rows = static_cast<int>(ceil_div(in.rows, Shape::kRows));
  const dim3 grid(static_cast<unsigned>(in.tile_rows) * static_cast<unsigned>(in.tile_columns));
  launch(ctx, name, kernel, grid, dim3(Shape::kThreads), log_probs_shared_bytes<Shape>(), in, summaries);
}

void take_asked(Context& ctx, const LogProbsOp& op, const float* logits, int64_t stride, int first_id, int columns) {
  launch(ctx, "take_logits", take_logits, blocks_for(op.asked, kAskedThreads), dim3(kAskedThreads), 0, logits, stride,
         first_id, columns, op.ids, op.id_rows, op.asked, op.out);
}

void summarize_bf16(Context& ctx, const LogProbsOp& op, LogitSummary* summaries) {
  const Operand x = operand_for(ctx, op.x, op.head.columns, op.rows, op.head, op.precision);
  MatmulArguments in{};
  in.a = static_cast<const unsigned char*>(x.values);
  in.a_row_bytes = x.row_bytes;
  in.w = static_cast<const unsigned char*>(op.head.data);
  in.w_row_bytes = op.head.row_stride() * 2;
  in.y = op.logits_out;
  in.y_stride = op.head.rows;
  in.rows = op.rows;
  in.columns = static_cast<int>(op.head.rows);
  in.panels = static_cast<int>(x.row_bytes / kRowBytes);
  in.tile_columns = static_cast<int>(ceil_div(in.columns, kLogitTile));
  const auto summarize_with = [&](auto shape, const char* name) {
    launch_summaries<decltype(shape)>(ctx, name, matmul_log_probs<decltype(shape)>, in, summaries);
  };
  const auto summarize_with_wgmma = [&](auto shape, const char* name) {
    launch_summaries<decltype(shape)>(ctx, name, matmul_log_probs_wgmma<decltype(shape)>, in, summaries);
  };
  // A step of generation streams the head for a few rows; prompts ask for whole tiles.
  if (ctx.wgmma == Wgmma::kAlways || (large_bf16_by_wgmma(ctx.wgmma) && op.rows > 16)) {
    if (op.rows <= kWgmmaRows) {
      summarize_with_wgmma(WgmmaShape<kWgmmaRows, kLogitTile, 1, 5, 1>(), "log_probs wgmma 64x256");
    } else {
      summarize_with_wgmma(WgmmaShape<128, kLogitTile, 1, 4, 1>(), "log_probs wgmma 128x256");
    }
  } else if (op.rows <= 16) {
    summarize_with(TileShape<16, kLogitTile, 16, 64, 1, 3, 2>(), "log_probs 16x256");
  } else {
    summarize_with(TileShape<128, kLogitTile, 64, 64, 1, 3, 1>(), "log_probs 128x256");
  }
  if (op.logits_out != nullptr) {
    take_asked(ctx, op, op.logits_out, op.head.rows, 0, in.columns);
  } else if (ctx.wgmma == Wgmma::kAlways) {
    launch(ctx, "asked_logits wgmma", asked_logits_wgmma, blocks_for(op.asked, kAskedOfBlock), dim3(AskedShape::kThreads),
           AskedShape::kSharedBytes, in.a, in.a_row_bytes, in.w, in.w_row_bytes, in.panels, op.ids, op.id_rows, op.asked, op.out);
  } else {
    launch(ctx, "asked_logits", asked_logits, blocks_for(op.asked, kAskedWarps * kAskedOfWarp), dim3(32 * kAskedWarps),
           0, in.a, in.a_row_bytes, in.w, in.w_row_bytes, in.panels, op.ids, op.id_rows, op.asked, op.out);
  }
}

void summarize_f32(Context& ctx, const LogProbsOp& op, LogitSummary* summaries, int tiles, int64_t logits_at_once) {
  const int64_t vocabulary = op.head.rows;
  const bool keep = op.logits_out != nullptr;
  // Whole tiles of the vocabulary, so that a tile's summary is made of one part.
  const int64_t part = std::max<int64_t>(1, logits_at_once / op.rows / kLogitTile) * kLogitTile;
  const int64_t at_once = keep ? vocabulary : std::min(vocabulary, part);
  float* logits = keep ? op.logits_out : ctx.scratch.take<float>(op.rows * at_once, "logits");
  for (int64_t first = 0; first < vocabulary; first += at_once) {
    const int columns = static_cast<int>(std::min(at_once, vocabulary - first));
    Weight rows = op.head;
    rows.data = static_cast<const char*>(op.head.data) + first * op.head.row_stride() * element_size(op.head.dtype);
    rows.rows = columns;
    run_f32(ctx, LinearOp{op.x, op.head.columns, rows, nullptr, Precision::kF32, op.rows, logits, at_once});
    const int first_id = static_cast<int>(first);
    launch(ctx, "summarize_logits", summarize_logits,
           blocks_for(op.rows * ceil_div(columns, kLogitTile), kSummaryWarps), dim3(32 * kSummaryWarps), 0, logits,
           at_once, op.rows, columns, first_id, summaries, tiles);
    take_asked(ctx, op, logits, at_once, first_id, columns);
  }
}

}  // namespace

const char* run_log_probs(Context& ctx, const LogProbsOp& op, int64_t logits_at_once) {
  if (op.precision == Precision::kFP8)
    throw std::invalid_argument("log_probs: the head is computed in bf16 or f32, not in fp8");
  const bool f32 = op.precision == Precision::kF32;
  const char* name = f32 ? "simt" : kind_of_products(ctx, op.precision);
  if (op.rows == 0) return name;
  const int tiles = static_cast<int>(ceil_div(op.head.rows, kLogitTile));
  auto* summaries = ctx.scratch.take<LogitSummary>(static_cast<int64_t>(op.rows) * tiles, "summaries of logits");
  if (f32) {
    summarize_f32(ctx, op, summaries, tiles, logits_at_once);
  } else {
    summarize_bf16(ctx, op, summaries);
  }
  if (op.asked == 0 && op.best == nullptr) return name;
  auto* log_sum = ctx.scratch.take<float>(op.rows, "logsumexp of rows");
  launch(ctx, "combine_summaries", combine_summaries, blocks_for(op.rows, kCombineWarps), dim3(32 * kCombineWarps), 0,
         summaries, op.rows, tiles, log_sum, op.best);
  launch(ctx, "subtract_log_sum", subtract_log_sum, blocks_for(op.asked, kAskedThreads), dim3(kAskedThreads), 0, op.out,
         op.id_rows, log_sum, op.asked);
  return name;
}

const char* run(Context& ctx, const LogProbsOp& op) { return run_log_probs(ctx, op, kLogitsAtOnce); }

}  // namespace evalrun::cuda

// The absorbed form of latent attention, in three loops over all decode rows of the step, so that kv_b is read once:
// queries into the latent space per head; softmax over the cached latents per row; outputs back per head.
#include <algorithm>
#include <vector>

#include "cpu/attend_tile.h"
#include "cpu/latent_attention.h"
#include "ops/numeric.h"

namespace evalrun {
namespace {

struct Row {
  const Span* span;
  int64_t row;
  int position;
};

class AbsorbedAttention {
 public:
  AbsorbedAttention(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool)
      : op_(op), dot_(kernels.dot), block_(kernels.block), pool_(pool) {
    cache_columns_ = op.rank + op.rope_dim;
    query_bytes_ = dot_.packed_bytes(cache_columns_);
    latent_bytes_ = dot_.packed_bytes(op.rank);
  }

  void run() {
    for (int s = 0; s < op_.spans.count; ++s) {
      const Span& span = op_.spans.device[s];
      for (int i = 0; span.decode && i < span.count; ++i)
        rows_.push_back({&span, span.first_row + i, span.start_position + i});
    }
    if (rows_.empty()) return;
    thread_local Scratch query_memory, latent_memory;
    const int64_t pairs = static_cast<int64_t>(rows_.size()) * op_.heads;
    queries_ = query_memory.get<char>(pairs * query_bytes_);
    latents_ = latent_memory.get<char>(pairs * latent_bytes_);
    pool_.run(op_.heads, [&](int64_t head, int) { absorb(static_cast<int>(head)); });
    const int rows = static_cast<int>(rows_.size());
    const int wanted = std::max(1, 2 * pool_.size() / rows);  // pieces of a row's heads
    const int chunk = std::min((op_.heads + wanted - 1) / wanted, block_.tile_rows);
    const int chunks = (op_.heads + chunk - 1) / chunk;
    pool_.run(static_cast<int64_t>(rows) * chunks, [&](int64_t i, int) {
      const int first = static_cast<int>(i % chunks) * chunk;
      attend(i / chunks, first, std::min(chunk, op_.heads - first));
    });
    pool_.run(op_.heads, [&](int64_t head, int) { project(static_cast<int>(head)); });
  }

 private:
  char* query(int64_t row, int head) const { return queries_ + (row * op_.heads + head) * query_bytes_; }
  char* latent(int64_t row, int head) const { return latents_ + (row * op_.heads + head) * latent_bytes_; }
  int64_t weight_row(int head) const { return static_cast<int64_t>(head) * (op_.nope_dim + op_.v_dim); }

  // q' = W_uk^T q_nope of every row, and behind it q_rope, packed to meet cached rows.
  void absorb(int head) {
    thread_local Scratch operand_memory, result_memory, weight_memory, range_memory, row_memory;
    const int count = static_cast<int>(rows_.size());
    const int q_head = op_.nope_dim + op_.rope_dim;
    const int64_t operand_bytes = (static_cast<int64_t>(op_.nope_dim * block_.operand_bytes) + 63) / 64 * 64;
    const int64_t result_stride = (op_.rank + 63) / 64 * 64;
    const int64_t rows = (static_cast<int64_t>(count) + block_.row_multiple - 1) / block_.row_multiple * block_.row_multiple;
    char* operands = operand_memory.get<char>(rows * operand_bytes);
    float* results = result_memory.get<float>(rows * result_stride);
    int* begin = range_memory.get<int>(2 * count);
    int* end = begin + count;
    auto q = [&](int r) { return op_.q + rows_[r].row * op_.q_stride + static_cast<int64_t>(head) * q_head; };
    for (int r = 0; r < count; ++r) {
      block_.pack(q(r), op_.nope_dim, operands + r * operand_bytes);
      begin[r] = 0;
      end[r] = op_.nope_dim;
    }
    const void* weight =
        static_cast<const char*>(op_.kv_b.data) + weight_row(head) * op_.rank * element_size(op_.kv_b.dtype);
    int64_t stride = op_.rank;
    DType type = op_.kv_b.dtype;
    if (type != DType::kF32 && type != DType::kBF16) {
      char* converted = weight_memory.get<char>(op_.nope_dim * latent_bytes_);
      for (int c = 0; c < op_.nope_dim; ++c) {
        dot_.pack_weight_row(op_.kv_b, op_.rank, weight_row(head) + c, converted + c * latent_bytes_);
      }
      weight = converted;
      stride = static_cast<int64_t>(latent_bytes_) / element_size(dot_.operand);
      type = dot_.operand;
    }
    block_.product(
        {operands, operand_bytes, count, op_.nope_dim, weight, stride, type, begin, end, op_.rank, results, result_stride, nullptr});
    float* row = row_memory.get<float>(cache_columns_);
    for (int r = 0; r < count; ++r) {
      std::copy_n(results + r * result_stride, op_.rank, row);
      std::copy_n(q(r) + op_.nope_dim, op_.rope_dim, row + op_.rank);
      dot_.pack_row(row, cache_columns_, query(r, head));
    }
  }

  // Softmax of one decode row for some heads, all of which see the same cached rows.
  void attend(int64_t index, int first_head, int heads) {
    thread_local Scratch tile_memory, scratch_memory, latent_memory;
    const Row& row = rows_[index];
    const BlockWork work(block_);
    AttendTile tile(block_, op_.kv_dtype, 0, op_.rank, tile_memory);
    tile.start(heads);
    const void* queries[kMostTileRows];
    float* scores[kMostTileRows];
    for (int h = 0; h < heads; ++h) {
      tile.position(h) = row.position;
      queries[h] = query(index, first_head + h);
      scores[h] = tile.scores(h);
    }
    void* scratch = scratch_memory.get<char>(dot_.scratch_bytes(cache_columns_));
    for (int b = 0; b <= tile.last_block(); ++b) {
      const int64_t page = op_.spans.pages[row.span->first_page + b];
      const char* cached =
          static_cast<const char*>(op_.cache) + page * kPageTokens * cache_columns_ * element_size(op_.kv_dtype);
      const int keys = tile.enter(b, 0);
      const Weight block{cached, op_.kv_dtype, kPageTokens, cache_columns_};
      dot_.panel({block, cache_columns_, 0, keys, queries, scores, heads, nullptr, scratch});
      tile.add_values(op_.softmax_scale, cached, cache_columns_);
    }
    float* latent_row = latent_memory.get<float>(op_.rank);
    for (int h = 0; h < heads; ++h) {
      tile.finish(h, latent_row);
      dot_.pack_row(latent_row, op_.rank, latent(index, first_head + h));
    }
  }

  // o = W_uv (sum p c).
  void project(int head) {
    thread_local Scratch latents_memory, outputs_memory, scratch_memory;
    const int count = static_cast<int>(rows_.size());
    const void** latents = latents_memory.get<const void*>(count);
    float** outputs = outputs_memory.get<float*>(count);
    for (int r = 0; r < count; ++r) {
      latents[r] = latent(r, head);
      outputs[r] = op_.y + rows_[r].row * op_.y_stride + static_cast<int64_t>(head) * op_.v_dim;
    }
    dot_.panel({op_.kv_b, op_.rank, weight_row(head) + op_.nope_dim, op_.v_dim, latents, outputs, count, nullptr,
                scratch_memory.get<char>(dot_.scratch_bytes(op_.rank))});
  }

  const LatentAttentionOp& op_;
  const DotKernels& dot_;
  const BlockKernels& block_;
  ThreadPool& pool_;
  int64_t cache_columns_;
  size_t query_bytes_, latent_bytes_;
  std::vector<Row> rows_;
  char* queries_ = nullptr;
  char* latents_ = nullptr;
};

}  // namespace

void attend_absorbed(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool) {
  AbsorbedAttention(op, kernels, pool).run();
}

}  // namespace evalrun

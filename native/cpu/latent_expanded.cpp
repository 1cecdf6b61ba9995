// The expanded form of latent attention. Per round of a few heads: expand every distinct page of the step's prompt
// spans into key blocks [nope + rope, P] and value blocks [P, v], then attend as dense attention does.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "cpu/attend_tile.h"
#include "cpu/latent_attention.h"
#include "ops/numeric.h"

namespace evalrun {
namespace {

struct Page {
  int id;
  int keys;  // places in use, from the first
};

struct Tile {
  const Span* span;
  const int* pages;  // of the span, as indices of the distinct ones
  int first, count;
};

class ExpandedAttention {
 public:
  ExpandedAttention(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool)
      : op_(op), dot_(kernels.dot), block_(kernels.block), pool_(pool) {
    expanded_type_ = op.precision == Precision::kBF16 ? DType::kBF16 : DType::kF32;
    key_bytes_ = element_size(expanded_type_) * (op.nope_dim + op.rope_dim) * kPageTokens;
    value_bytes_ = element_size(expanded_type_) * op.v_dim * kPageTokens;
    cache_columns_ = op.rank + op.rope_dim;
    packed_bytes_ = dot_.packed_bytes(op.rank);
  }

  void run() {
    collect();
    if (tiles_.empty()) return;
    const int64_t pages = static_cast<int64_t>(pages_.size());
    const int round = std::min(op_.heads, std::max(2, pool_.size()));
    thread_local Scratch latent_memory, rope_memory, weight_memory, block_memory;
    latents_ = latent_memory.get<char>(pages * kPageTokens * packed_bytes_);
    rope_keys_ = rope_memory.get<char>(pages * rope_bytes());
    key_weights_ = weight_memory.get<char>(static_cast<int64_t>(round) * op_.nope_dim * packed_bytes_);
    blocks_ = block_memory.get<char>(round * pages * (key_bytes_ + value_bytes_));
    pool_.run(pages, [&](int64_t page, int) { load_page(page); });
    for (first_head_ = 0; first_head_ < op_.heads; first_head_ += round) {
      const int heads = std::min(round, op_.heads - first_head_);
      pool_.run(static_cast<int64_t>(heads) * op_.nope_dim, [&](int64_t i, int) {
        dot_.pack_weight_row(op_.kv_b, op_.rank, weight_row(static_cast<int>(i / op_.nope_dim)) + i % op_.nope_dim,
                             key_weights_ + i * packed_bytes_);
      });
      pool_.run(heads * pages, [&](int64_t i, int) { expand(static_cast<int>(i % heads), i / heads); });
      pool_.run(heads * static_cast<int64_t>(tiles_.size()),
                [&](int64_t i, int) { attend(static_cast<int>(i % heads), tiles_[i / heads]); });
    }
  }

 private:
  int64_t rope_bytes() const { return element_size(expanded_type_) * op_.rope_dim * kPageTokens; }
  // First row of kv_b that belongs to the head: nope rows, then value rows.
  int64_t weight_row(int head) const { return static_cast<int64_t>(first_head_ + head) * (op_.nope_dim + op_.v_dim); }
  char* key_block(int head, int64_t page) const {
    return blocks_ + (head * static_cast<int64_t>(pages_.size()) + page) * (key_bytes_ + value_bytes_);
  }
  const char* cache_row(int64_t page, int key) const {
    const int64_t row = static_cast<int64_t>(pages_[page].id) * kPageTokens + key;
    return static_cast<const char*>(op_.cache) + row * cache_columns_ * element_size(op_.kv_dtype);
  }

  // The distinct pages of the prompt spans, and the tiles of rows: the latest, with the most keys, first.
  void collect() {
    std::unordered_map<int, int> index_of;
    size_t references = 0;
    for (int s = 0; s < op_.spans.count; ++s) {
      if (!op_.spans.device[s].decode) references += (op_.spans.device[s].start_position + op_.spans.device[s].count - 1) / kPageTokens + 1;
    }
    page_index_.reserve(references);  // tiles point into it
    for (int s = 0; s < op_.spans.count; ++s) {
      const Span& span = op_.spans.device[s];
      if (span.decode || span.count == 0) continue;
      const int end = span.start_position + span.count;
      const size_t first = page_index_.size();
      for (int base = 0; base < end; base += kPageTokens) {
        const int id = op_.spans.pages[span.first_page + base / kPageTokens];
        const auto [entry, is_new] = index_of.try_emplace(id, static_cast<int>(pages_.size()));
        if (is_new) pages_.push_back({id, 0});
        pages_[entry->second].keys = std::max(pages_[entry->second].keys, std::min(end - base, kPageTokens));
        page_index_.push_back(entry->second);
      }
      for (int row = (span.count - 1) / block_.tile_rows * block_.tile_rows; row >= 0; row -= block_.tile_rows) {
        tiles_.push_back({&span, page_index_.data() + first, row, std::min(block_.tile_rows, span.count - row)});
      }
    }
  }

  // What all heads share: the latent rows as operands, and the rotary keys with lanes along keys.
  void load_page(int64_t page) {
    const int keys = pages_[page].keys;
    const Weight latent{cache_row(page, 0), op_.kv_dtype, kPageTokens, op_.rank};
    for (int key = 0; key < keys; ++key) {
      dot_.pack_weight_row(latent, cache_columns_, key, latents_ + (page * kPageTokens + key) * packed_bytes_);
    }
    char* rope = rope_keys_ + page * rope_bytes();
    for (int key = 0; key < keys; ++key) {
      for (int c = 0; c < op_.rope_dim; ++c) {
        const int64_t place = c * kPageTokens + key;
        if (expanded_type_ == DType::kF32) {
          reinterpret_cast<float*>(rope)[place] = load_element(cache_row(page, key), op_.kv_dtype, op_.rank + c);
        } else {
          std::memcpy(rope + place * 2, cache_row(page, key) + (op_.rank + c) * 2, 2);
        }
      }
    }
  }

  // Rows of float32 results, or where to put them before they are rounded.
  void store_rows(const float* rows, int64_t stride, int count, int columns, char* out, int64_t out_columns) const {
    if (expanded_type_ == DType::kF32) return;  // written in place
    for (int r = 0; r < count; ++r)
      block_.store_bf16(rows + r * stride, columns, reinterpret_cast<uint16_t*>(out) + r * out_columns);
  }

  void expand(int head, int64_t page) {
    thread_local Scratch rounded_memory, rows_memory, results_memory, scratch_memory;
    const int keys = pages_[page].keys;
    const int most_rows = std::max(op_.nope_dim, kPageTokens);
    const bool in_place = expanded_type_ == DType::kF32;
    float* rounded = rounded_memory.get<float>(kPageTokens * static_cast<int64_t>(std::max(op_.nope_dim, op_.v_dim)));
    const void** rows = rows_memory.get<const void*>(most_rows);
    float** results = results_memory.get<float*>(most_rows);
    void* scratch = scratch_memory.get<char>(dot_.scratch_bytes(op_.rank));
    char* keys_out = key_block(head, page);
    char* values_out = keys_out + key_bytes_;
    const char* latent = latents_ + page * kPageTokens * packed_bytes_;

    // Keys: the weight's rows take the place of activations, so that lanes come out along keys.
    float* target = in_place ? reinterpret_cast<float*>(keys_out) : rounded;
    for (int c = 0; c < op_.nope_dim; ++c) {
      rows[c] = key_weights_ + (head * static_cast<int64_t>(op_.nope_dim) + c) * packed_bytes_;
      results[c] = target + c * kPageTokens;
    }
    const int64_t latent_stride = static_cast<int64_t>(packed_bytes_) / element_size(dot_.operand);
    dot_.panel({Weight{latent, dot_.operand, kPageTokens, op_.rank}, latent_stride, 0, keys, rows, results,
                op_.nope_dim, nullptr, scratch});
    store_rows(rounded, kPageTokens, op_.nope_dim, keys, keys_out, kPageTokens);
    std::memcpy(keys_out + element_size(expanded_type_) * op_.nope_dim * kPageTokens, rope_keys_ + page * rope_bytes(),
                rope_bytes());

    target = in_place ? reinterpret_cast<float*>(values_out) : rounded;
    for (int key = 0; key < keys; ++key) {
      rows[key] = latent + key * packed_bytes_;
      results[key] = target + static_cast<int64_t>(key) * op_.v_dim;
    }
    dot_.panel({op_.kv_b, op_.rank, weight_row(head) + op_.nope_dim, op_.v_dim, rows, results, keys, nullptr, scratch});
    store_rows(rounded, op_.v_dim, keys, op_.v_dim, values_out, op_.v_dim);
  }

  void attend(int head, const Tile& work) {
    thread_local Scratch memory;
    const int q_head = op_.nope_dim + op_.rope_dim;
    const BlockWork products(block_);
    AttendTile tile(block_, expanded_type_, q_head, op_.v_dim, memory);
    tile.start(work.count);
    const int64_t first_row = work.span->first_row + work.first;
    const int64_t absolute_head = first_head_ + head;
    for (int r = 0; r < work.count; ++r) {
      tile.position(r) = work.span->start_position + work.first + r;
      tile.pack_query(r, op_.q + (first_row + r) * op_.q_stride + absolute_head * q_head);
    }
    for (int b = 0; b <= tile.last_block(); ++b) {
      const char* keys = key_block(head, work.pages[b]);
      const int needed = tile.enter(b, 0);
      tile.score(keys, needed);
      tile.add_values(op_.softmax_scale, keys + key_bytes_, op_.v_dim);
    }
    for (int r = 0; r < work.count; ++r)
      tile.finish(r, op_.y + (first_row + r) * op_.y_stride + absolute_head * op_.v_dim);
  }

  const LatentAttentionOp& op_;
  const DotKernels& dot_;
  const BlockKernels& block_;
  ThreadPool& pool_;
  DType expanded_type_;
  int64_t key_bytes_, value_bytes_, cache_columns_;
  size_t packed_bytes_;
  std::vector<Page> pages_;
  std::vector<int> page_index_;
  std::vector<Tile> tiles_;
  int first_head_ = 0;
  char* latents_ = nullptr;
  char* rope_keys_ = nullptr;
  char* key_weights_ = nullptr;
  char* blocks_ = nullptr;
};

}  // namespace

void attend_expanded(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool) {
  ExpandedAttention(op, kernels, pool).run();
}

}  // namespace evalrun

// Vector kernels of AttentionOp: a piece is a tile of query rows of one span that share a kv head, walking the pages in
// order.
#include <algorithm>
#include <vector>

#include "cpu/arranged_pages.h"
#include "cpu/attend_tile.h"
#include "cpu/isa.h"
#include "cpu/thread_pool.h"
#include "ops/numeric.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

struct Piece {
  const Span* span;
  int kv_head;
  int first;  // row of the tile's first (position, head) pair in the span
  int count;
};

// All spans of a head together: keys and values of a prefix that they share stay in the second-level cache. The latest
// tiles of a span, which have the most keys, come first, so that no thread is left with a long one at the end.
void cut(const AttentionOp& op, int tile_rows, std::vector<Piece>& pieces) {
  pieces.clear();
  const int queries_per_kv = op.heads / op.kv_heads;
  for (int g = 0; g < op.kv_heads; ++g) {
    for (int s = 0; s < op.spans.count; ++s) {
      const int rows = op.spans.device[s].count * queries_per_kv;
      for (int first = (rows - 1) / tile_rows * tile_rows; first >= 0; first -= tile_rows) {
        pieces.push_back({&op.spans.device[s], g, first, std::min(tile_rows, rows - first)});
      }
    }
  }
}

void attend(const AttentionOp& op, const BlockKernels& kernels, const ArrangedPages& pages, const Piece& piece, Scratch& memory) {
  const int queries_per_kv = op.heads / op.kv_heads;
  const int dim = op.head_dim;
  const BlockWork work(kernels);
  AttendTile tile(kernels, op.kv_dtype, dim, dim, memory);
  tile.start(piece.count);
  auto column = [&](int r) {
    return static_cast<int64_t>(piece.kv_head * queries_per_kv + (piece.first + r) % queries_per_kv) * dim;
  };
  auto row = [&](int r) { return static_cast<int64_t>(piece.span->first_row + (piece.first + r) / queries_per_kv); };
  for (int r = 0; r < piece.count; ++r) {
    tile.position(r) = piece.span->start_position + (piece.first + r) / queries_per_kv;
    tile.pack_query(r, op.q + row(r) * op.q_stride + column(r));
  }
  const int first_position = piece.span->start_position + piece.first / queries_per_kv;
  const int64_t page_bytes = element_size(op.kv_dtype) * kPageTokens * dim;
  for (int block = tile.first_block(op.window); block <= tile.last_block(); ++block) {
    const int32_t page = op.spans.pages[piece.span->first_page + block];
    const int64_t offset = (static_cast<int64_t>(page) * op.kv_heads + piece.kv_head) * page_bytes;
    const int needed = tile.enter(block, op.window);
    const bool whole = (block + 1) * kPageTokens <= first_position + 1;
    tile.score(static_cast<const char*>(op.k_cache) + offset, needed, whole ? pages.keys(page, piece.kv_head) : nullptr);
    tile.add_values(op.softmax_scale, static_cast<const char*>(op.v_cache) + offset, dim,
                    whole ? pages.values(page, piece.kv_head) : nullptr);
  }
  for (int r = 0; r < piece.count; ++r) tile.finish(r, op.y + row(r) * op.y_stride + column(r));
}

template <const BlockKernels* kTable>
void attention(const AttentionOp& op, ThreadPool& pool) {
  thread_local std::vector<Piece> memory;
  std::vector<Piece>& pieces = memory;
  const BlockKernels& kernels = kTable[static_cast<int>(op.precision)];
  cut(op, kernels.tile_rows, pieces);
  thread_local ArrangedPages kept;
  ArrangedPages& pages = kept;
  pages.make(op, kernels, pool);
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t index, int) {
    thread_local Scratch scratch;
    attend(op, kernels, pages, pieces[index], scratch);
  });
}

template <Isa kIsa>
bool accepts(const AttentionOp& op, const CpuFeatures& features) {
  return isa_takes_attention(kIsa, features, op.precision, op.kv_dtype);
}

#if defined(__x86_64__)
const Register<AttentionOp> kAttention[] = {
    Register<AttentionOp>({"attention/avx2", 10, accepts<Isa::kAvx2>, attention<kBlockAvx2>}),
    Register<AttentionOp>({"attention/avx512", 20, accepts<Isa::kAvx512>, attention<kBlockAvx512>}),
    Register<AttentionOp>({"attention/avx512-bf16", 30, accepts<Isa::kAvx512Bf16>, attention<kBlockAvx512Bf16>}),
    Register<AttentionOp>({"attention/amx-bf16", 40, accepts<Isa::kAmx>, attention<kBlockAmx>}),
};
#elif defined(__aarch64__)
const Register<AttentionOp> kAttention({"attention/neon", 10, accepts<Isa::kNeon>, attention<kBlockNeon>});
#endif

}  // namespace
}  // namespace evalrun

// Vector kernels of LogProbsOp: tiles of kLogitTile logits are computed (dot_kernels.h), reduced to their maximum and
// sum of exponentials, and dropped; the tiles' statistics are then joined in order of vocabulary.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "cpu/dot_driver.h"
#include "cpu/isa.h"
#include "cpu/panel_operands.h"
#include "cpu/row_kernels.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

// Rows whose logits of one tile a piece holds at a time.
constexpr int64_t kPieceRows = 128;

// The asked pairs in order of row and id, so that a tile finds its own by bisection.
struct Asked {
  explicit Asked(const LogProbsOp& op) : op(op), order(op.asked), logits(op.asked) {
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
  }

  // Remembers the asked logits of one row among vocabulary entries [begin, end).
  void take(int64_t row, int64_t begin, int64_t end, const float* tile) {
    auto first = std::lower_bound(order.begin(), order.end(), row * op.head.rows + begin,
                                  [&](int a, int64_t k) { return key(a) < k; });
    for (; first != order.end() && key(*first) < row * op.head.rows + end; ++first)
      logits[*first] = tile[op.ids[*first] - begin];
  }

  int64_t key(int i) const { return op.id_rows[i] * op.head.rows + op.ids[i]; }

  const LogProbsOp& op;
  std::vector<int> order;
  std::vector<float> logits;
};

float join(const LogitTile* tiles, int64_t count, int32_t* best) {
  float largest = -std::numeric_limits<float>::infinity();
  float total = 0;
  if (best != nullptr) *best = 0;
  for (int64_t t = 0; t < count; ++t) {
    if (best != nullptr && tiles[t].maximum > largest) *best = static_cast<int32_t>(t * kLogitTile + tiles[t].best);
    const float maximum = std::max(largest, tiles[t].maximum);
    const float base = std::isinf(maximum) && maximum < 0 ? 0 : maximum;
    total = total * std::exp(largest - base) + tiles[t].sum * std::exp(tiles[t].maximum - base);
    largest = maximum;
  }
  return largest + std::log(total);
}

// The rows of the op as a product takes them, and its logits [begin, begin + count) for rows [first, first + rows):
// y[r][i] is vocabulary entry begin + i.
template <const DotKernels* kTable>
class StoredHead {
 public:
  StoredHead(const LogProbsOp& op, ThreadPool& pool) : op_(op), dot_(kTable[static_cast<int>(op.precision)]) {
    thread_local Scratch memory;
    packed_ = pack_rows(dot_, op.x, op.head.columns, op.rows, op.head.columns, memory, pool);
  }

  void logits(int64_t begin, int64_t count, int64_t first, int rows, float* const* y) const {
    thread_local Scratch memory;
    const int64_t columns = op_.head.columns;
    const void* x[kPieceRows];
    for (int r = 0; r < rows; ++r) x[r] = packed_.row(first + r);
    dot_.panel({op_.head, columns, begin, count, x, y, rows, nullptr, memory.get<char>(dot_.scratch_bytes(columns))});
  }

 private:
  const LogProbsOp& op_;
  const DotKernels& dot_;
  PackedRows packed_;
};

template <const PanelKernels* kTable>
class PackedHead {
 public:
  PackedHead(const LogProbsOp& op, ThreadPool& pool) : op_(op), kernels_(kTable[static_cast<int>(op.precision)]) {
    thread_local PanelOperands operands;
    operands.pack(kernels_, op.x, op.head.columns, op.rows, op.head.columns, pool);
    rows_ = operands.groups()[0];
  }

  void logits(int64_t begin, int64_t count, int64_t first, int rows, float* const* y) const {
    static_assert(kLogitTile % kPanelOutputs == 0 && kPieceRows % kPanelRowTile == 0 && kPieceRows <= kPanelRows);
    thread_local Scratch memory;
    for (int64_t i = 0; i < count; i += kPanelOutputs) {
      float* outputs[kPieceRows];
      for (int r = 0; r < rows; ++r) outputs[r] = y[r] + i;
      kernels_.multiply({&op_.head, (begin + i) / kPanelOutputs, std::min<int64_t>(kPanelOutputs, count - i), rows_.data,
                         rows_.rows, static_cast<int>(first), rows, outputs, nullptr,
                         memory.get<char>(kPanelScratchBytes)});
    }
  }

 private:
  const LogProbsOp& op_;
  const PanelKernels& kernels_;
  RowGroup rows_;
};

template <class Head, const RowKernels* kRow>
void log_probs(const LogProbsOp& op, ThreadPool& pool) {
  thread_local Scratch tile_memory;
  const int64_t vocabulary = op.head.rows;
  const int64_t tiles = (vocabulary + kLogitTile - 1) / kLogitTile;
  const int64_t row_pieces = (op.rows + kPieceRows - 1) / kPieceRows;
  const Head head(op, pool);
  LogitTile* statistics = tile_memory.get<LogitTile>(op.rows * tiles);
  Asked asked(op);
  pool.run(tiles * row_pieces, [&](int64_t piece, int) {
    thread_local Scratch logit_memory;
    const int64_t tile = piece / row_pieces;
    const int64_t first = piece % row_pieces * kPieceRows;
    const int64_t rows = std::min(kPieceRows, op.rows - first);
    const int64_t begin = tile * kLogitTile;
    const int64_t count = std::min<int64_t>(kLogitTile, vocabulary - begin);
    float* buffer = logit_memory.get<float>(rows * kLogitTile);
    float* logits[kPieceRows];
    for (int64_t r = 0; r < rows; ++r) {
      logits[r] = op.logits_out != nullptr ? op.logits_out + (first + r) * vocabulary + begin : buffer + r * kLogitTile;
    }
    head.logits(begin, count, first, static_cast<int>(rows), logits);
    for (int64_t r = 0; r < rows; ++r) {
      statistics[(first + r) * tiles + tile] = kRow->logit_tile(logits[r], static_cast<int>(count));
      asked.take(first + r, begin, begin + count, logits[r]);
    }
  });
  std::vector<float> log_sums(op.rows);
  for (int64_t row = 0; row < op.rows; ++row) {
    log_sums[row] = join(statistics + row * tiles, tiles, op.best == nullptr ? nullptr : op.best + row);
  }
  for (int i = 0; i < op.asked; ++i) op.out[i] = asked.logits[i] - log_sums[op.id_rows[i]];
}

template <Isa kIsa>
bool accepts(const LogProbsOp& op, const CpuFeatures& features) {
  return isa_takes_product(kIsa, features, op.precision, op.head.dtype);
}

template <PanelIsa kIsa>
bool accepts_packed(const LogProbsOp& op, const CpuFeatures& features) {
  return reads_packed(op.head, op.precision, features, kIsa);
}

#if defined(__x86_64__)
const Register<LogProbsOp> kLogProbs[] = {
    Register<LogProbsOp>({"log_probs/avx2", 10, accepts<Isa::kAvx2>, log_probs<StoredHead<kDotAvx2>, &kRowAvx2>}),
    Register<LogProbsOp>(
        {"log_probs/avx2-packed", 15, accepts_packed<PanelIsa::kAvx2>, log_probs<PackedHead<kPanelAvx2>, &kRowAvx2>}),
    Register<LogProbsOp>(
        {"log_probs/avx512-packed", 25, accepts_packed<PanelIsa::kAvx512>, log_probs<PackedHead<kPanelAvx512>, &kRowAvx512>}),
    Register<LogProbsOp>({"log_probs/avx512", 20, accepts<Isa::kAvx512>, log_probs<StoredHead<kDotAvx512>, &kRowAvx512>}),
    Register<LogProbsOp>(
        {"log_probs/avx512-bf16", 30, accepts<Isa::kAvx512Bf16>, log_probs<StoredHead<kDotAvx512Bf16>, &kRowAvx512>}),
    Register<LogProbsOp>({"log_probs/avx512-bf16-packed", 40, accepts_packed<PanelIsa::kAvx512Bf16>,
                          log_probs<PackedHead<kPanelAvx512Bf16>, &kRowAvx512>}),
    Register<LogProbsOp>(
        {"log_probs/amx-bf16-packed", 50, accepts_packed<PanelIsa::kAmx>, log_probs<PackedHead<kPanelAmx>, &kRowAvx512>}),
};
#elif defined(__aarch64__)
const Register<LogProbsOp> kLogProbs[] = {
    Register<LogProbsOp>({"log_probs/neon", 10, accepts<Isa::kNeon>, log_probs<StoredHead<kDotNeon>, &kRowNeon>}),
    Register<LogProbsOp>(
        {"log_probs/neon-packed", 15, accepts_packed<PanelIsa::kNeon>, log_probs<PackedHead<kPanelNeon>, &kRowNeon>}),
};
#endif

}  // namespace
}  // namespace evalrun

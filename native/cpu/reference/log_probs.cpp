// Reference kernel of LogProbsOp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/reference/linear.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

void log_probs(const LogProbsOp& op, ThreadPool& pool) {
  const int64_t vocabulary = op.head.rows;
  pool.run(op.rows, [&](int64_t row, int) {
    const Operand x = prepare_operand(op.x + row * op.head.columns, op.head.columns, op.precision);
    float largest = -std::numeric_limits<float>::infinity();
    float total = 0;
    float best_logit = largest;
    int32_t best = 0;
    std::vector<float> logits(vocabulary);
    for (int64_t v = 0; v < vocabulary; ++v) {
      logits[v] = dot_reference(x, op.head, v, op.precision);
      if (logits[v] > best_logit) {
        best_logit = logits[v];
        best = static_cast<int32_t>(v);
      }
    }
    for (int64_t begin = 0; begin < vocabulary; begin += kLogitTile) {
      const int64_t end = std::min<int64_t>(begin + kLogitTile, vocabulary);
      const float tile_max = std::max(largest, *std::max_element(logits.begin() + begin, logits.begin() + end));
      const float base = std::isinf(tile_max) && tile_max < 0 ? 0 : tile_max;
      total *= std::exp(largest - base);
      for (int64_t v = begin; v < end; ++v) total += std::exp(logits[v] - base);
      largest = tile_max;
    }
    const float log_sum = largest + std::log(total);
    for (int i = 0; i < op.asked; ++i) {
      if (op.id_rows[i] == row) op.out[i] = logits[op.ids[i]] - log_sum;
    }
    if (op.best != nullptr) op.best[row] = best;
    if (op.logits_out != nullptr) std::copy(logits.begin(), logits.end(), op.logits_out + row * vocabulary);
  });
}

const Register<LogProbsOp> kLogProbs({"log_probs/reference", 0, accepts_all<LogProbsOp>, log_probs});

}  // namespace
}  // namespace evalrun

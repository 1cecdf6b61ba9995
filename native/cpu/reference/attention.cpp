// Reference kernel of AttentionOp.
#include "cpu/reference/attention.h"

#include "ops/registry.h"

namespace evalrun {
namespace {

void attention(const AttentionOp& op, ThreadPool& pool) {
  const bool round = op.precision == Precision::kBF16;
  const int dim = op.head_dim;
  const int queries_per_kv = op.heads / op.kv_heads;
  for (int s = 0; s < op.spans.count; ++s) {
    const Span& span = op.spans.device[s];
    pool.run(static_cast<int64_t>(span.count) * op.heads, [&](int64_t piece, int) {
      const int head = static_cast<int>(piece % op.heads);
      const int64_t row = span.first_row + piece / op.heads;
      const int position = span.start_position + static_cast<int>(piece / op.heads);
      std::vector<float> q(dim);
      for (int c = 0; c < dim; ++c) {
        const float value = op.q[row * op.q_stride + static_cast<int64_t>(head) * dim + c];
        q[c] = round ? round_bf16(value) : value;
      }
      auto block_of = [&](int key) {
        const int64_t page = op.spans.pages[span.first_page + key / kPageTokens];
        return page * op.kv_heads + head / queries_per_kv;
      };
      auto score = [&](int key) {
        double sum = 0;
        for (int c = 0; c < dim; ++c) {
          const int64_t index = (block_of(key) * dim + c) * kPageTokens + key % kPageTokens;
          sum += static_cast<double>(q[c]) * load_element(op.k_cache, op.kv_dtype, index);
        }
        return static_cast<float>(sum) * op.softmax_scale;
      };
      auto add_value = [&](int key, float p, float* output) {
        for (int c = 0; c < dim; ++c) {
          const int64_t index = (block_of(key) * kPageTokens + key % kPageTokens) * dim + c;
          output[c] += p * load_element(op.v_cache, op.kv_dtype, index);
        }
      };
      attend_row(position, op.window, round, dim, op.y + row * op.y_stride + static_cast<int64_t>(head) * dim, score,
                 add_value);
    });
  }
}

const Register<AttentionOp> kAttention({"attention/reference", 0, accepts_all<AttentionOp>, attention});

}  // namespace
}  // namespace evalrun

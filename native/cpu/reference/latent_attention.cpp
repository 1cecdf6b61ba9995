// Reference kernel of LatentAttentionOp, one (row, head) at a time: expanded form for prompts, absorbed form for decoding.
#include "cpu/reference/attention.h"

#include "ops/registry.h"

namespace evalrun {
namespace {

struct RowContext {
  const LatentAttentionOp& op;
  const Span& span;
  int head;
  int position;
  const float* q;
  float* y;

  float cached(int key, int column) const {
    const int64_t page = op.spans.pages[span.first_page + key / kPageTokens];
    const int64_t row = page * kPageTokens + key % kPageTokens;
    return load_element(op.cache, op.kv_dtype, row * (op.rank + op.rope_dim) + column);
  }
  bool round() const { return op.precision == Precision::kBF16; }
  float rounded(float value) const { return round() ? round_bf16(value) : value; }
  // Row of kv_b: the head's nope rows, then its value rows.
  int64_t key_row(int c) const { return static_cast<int64_t>(head) * (op.nope_dim + op.v_dim) + c; }
  int64_t value_row(int c) const { return key_row(op.nope_dim + c); }

  float expanded(int key, int64_t weight_row) const {
    double sum = 0;
    for (int r = 0; r < op.rank; ++r) sum += static_cast<double>(cached(key, r)) * load_weight(op.kv_b, weight_row, r);
    return rounded(static_cast<float>(sum));
  }

  double rope_score(int key) const {
    double sum = 0;
    for (int c = 0; c < op.rope_dim; ++c) {
      sum += static_cast<double>(rounded(q[op.nope_dim + c])) * cached(key, op.rank + c);
    }
    return sum;
  }
};

void attend_expanded(const RowContext& row) {
  const LatentAttentionOp& op = row.op;
  auto score = [&](int key) {
    double sum = row.rope_score(key);
    for (int c = 0; c < op.nope_dim; ++c) sum += static_cast<double>(row.rounded(row.q[c])) * row.expanded(key, row.key_row(c));
    return static_cast<float>(sum) * op.softmax_scale;
  };
  auto add_value = [&](int key, float p, float* output) {
    for (int c = 0; c < op.v_dim; ++c) output[c] += p * row.expanded(key, row.value_row(c));
  };
  attend_row(row.position, 0, row.round(), op.v_dim, row.y, score, add_value);
}

void attend_absorbed(const RowContext& row) {
  const LatentAttentionOp& op = row.op;
  std::vector<float> query(op.rank);
  for (int r = 0; r < op.rank; ++r) {
    double sum = 0;
    for (int c = 0; c < op.nope_dim; ++c) {
      sum += static_cast<double>(row.rounded(row.q[c])) * load_weight(op.kv_b, row.key_row(c), r);
    }
    query[r] = row.rounded(static_cast<float>(sum));
  }
  auto score = [&](int key) {
    double sum = row.rope_score(key);
    for (int r = 0; r < op.rank; ++r) sum += static_cast<double>(query[r]) * row.cached(key, r);
    return static_cast<float>(sum) * op.softmax_scale;
  };
  auto add_value = [&](int key, float p, float* output) {
    for (int r = 0; r < op.rank; ++r) output[r] += p * row.cached(key, r);
  };
  std::vector<float> latent(op.rank);
  attend_row(row.position, 0, row.round(), op.rank, latent.data(), score, add_value);
  for (int c = 0; c < op.v_dim; ++c) {
    double sum = 0;
    for (int r = 0; r < op.rank; ++r) {
      sum += static_cast<double>(row.rounded(latent[r])) * load_weight(op.kv_b, row.value_row(c), r);
    }
    row.y[c] = static_cast<float>(sum);
  }
}

void latent_attention(const LatentAttentionOp& op, ThreadPool& pool) {
  for (int s = 0; s < op.spans.count; ++s) {
    const Span& span = op.spans.device[s];
    pool.run(static_cast<int64_t>(span.count) * op.heads, [&](int64_t piece, int) {
      const int head = static_cast<int>(piece % op.heads);
      const int64_t index = piece / op.heads;
      const int64_t row = span.first_row + index;
      const RowContext context{op, span, head, span.start_position + static_cast<int>(index),
                               op.q + row * op.q_stride + static_cast<int64_t>(head) * (op.nope_dim + op.rope_dim),
                               op.y + row * op.y_stride + static_cast<int64_t>(head) * op.v_dim};
      if (span.decode) {
        attend_absorbed(context);
      } else {
        attend_expanded(context);
      }
    });
  }
}

const Register<LatentAttentionOp> kLatentAttention(
    {"latent_attention/reference", 0, accepts_all<LatentAttentionOp>, latent_attention});

}  // namespace
}  // namespace evalrun

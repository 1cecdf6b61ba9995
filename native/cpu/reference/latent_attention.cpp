// Reference kernel of LatentAttentionOp, one (row, head) at a time: expanded form for prompts, absorbed form for decoding. A head's keys
// and values are expanded once for all rows of a prompt.
#include "cpu/reference/attention.h"

#include "ops/registry.h"

namespace evalrun {
namespace {

// One head, and what the cache holds of a span.
struct HeadContext {
  const LatentAttentionOp& op;
  const Span& span;
  int head;

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
};

struct RowContext : HeadContext {
  int position;
  const float* q;
  float* y;

  RowContext(const HeadContext& context, int index) : HeadContext(context), position(span.start_position + index) {
    const int64_t row = span.first_row + index;
    q = op.q + row * op.q_stride + static_cast<int64_t>(head) * (op.nope_dim + op.rope_dim);
    y = op.y + row * op.y_stride + static_cast<int64_t>(head) * op.v_dim;
  }

  double rope_score(int key) const {
    double sum = 0;
    for (int c = 0; c < op.rope_dim; ++c) {
      sum += static_cast<double>(rounded(q[op.nope_dim + c])) * cached(key, op.rank + c);
    }
    return sum;
  }
};

// Keys and values of one head, [keys, nope_dim + v_dim].
class Expanded {
 public:
  explicit Expanded(const HeadContext& context)
      : columns_(context.op.nope_dim + context.op.v_dim), keys_(context.span.start_position + context.span.count) {
    const LatentAttentionOp& op = context.op;
    std::vector<float> weights(static_cast<size_t>(columns_) * op.rank), latent(op.rank);
    for (int c = 0; c < columns_; ++c) {
      for (int r = 0; r < op.rank; ++r) weights[static_cast<size_t>(c) * op.rank + r] = load_weight(op.kv_b, context.key_row(c), r);
    }
    values_.reserve(static_cast<size_t>(keys_) * columns_);
    for (int key = 0; key < keys_; ++key) {
      for (int r = 0; r < op.rank; ++r) latent[r] = context.cached(key, r);
      for (int c = 0; c < columns_; ++c) {
        double sum = 0;
        for (int r = 0; r < op.rank; ++r) sum += static_cast<double>(latent[r]) * weights[static_cast<size_t>(c) * op.rank + r];
        values_.push_back(context.rounded(static_cast<float>(sum)));
      }
    }
  }

  // The key, and nope_dim columns on the value.
  const float* of(int key) const { return values_.data() + static_cast<size_t>(key) * columns_; }

 private:
  int columns_, keys_;
  std::vector<float> values_;
};

void attend_expanded(const RowContext& row, const Expanded& expanded) {
  const LatentAttentionOp& op = row.op;
  auto score = [&](int key) {
    double sum = row.rope_score(key);
    for (int c = 0; c < op.nope_dim; ++c) sum += static_cast<double>(row.rounded(row.q[c])) * expanded.of(key)[c];
    return static_cast<float>(sum) * op.softmax_scale;
  };
  auto add_value = [&](int key, float p, float* output) {
    for (int c = 0; c < op.v_dim; ++c) output[c] += p * expanded.of(key)[op.nope_dim + c];
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
    if (span.decode) {
      pool.run(static_cast<int64_t>(span.count) * op.heads, [&](int64_t piece, int) {
        attend_absorbed({{op, span, static_cast<int>(piece % op.heads)}, static_cast<int>(piece / op.heads)});
      });
      continue;
    }
    pool.run(op.heads, [&](int64_t head, int) {
      const HeadContext context{op, span, static_cast<int>(head)};
      const Expanded expanded(context);
      for (int index = 0; index < span.count; ++index) attend_expanded({context, index}, expanded);
    });
  }
}

const Register<LatentAttentionOp> kLatentAttention(
    {"latent_attention/reference", 0, accepts_all<LatentAttentionOp>, latent_attention});

}  // namespace
}  // namespace evalrun

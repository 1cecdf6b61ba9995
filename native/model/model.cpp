#include "model/model.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "model/rows.h"
#include "model/run_op.h"

namespace evalrun {
namespace {

std::string layer_prefix(int layer) { return "model.layers." + std::to_string(layer) + "."; }

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(std::string("malformed step: ") + what);
}

}  // namespace

Model::Model(std::shared_ptr<Device> device, ArchSpec spec, Numerics numerics, const std::vector<FileRef>& files,
             std::vector<TensorRef> tensors, int pages)
    : spec_(std::move(spec)),
      numerics_(numerics),
      device_(std::move(device)),
      weights_(device_->open_weights(files, std::move(tensors))),
      cache_(*device_, spec_, numerics.kv, pages),
      x_(*device_, "the residual stream"),
      h_(*device_, "normalised rows"),
      delta_(*device_, "a layer's output"),
      q_(*device_, "queries"),
      q_latent_(*device_, "low-rank queries"),
      kv_(*device_, "latent keys and values"),
      k_(*device_, "keys"),
      v_(*device_, "values"),
      attended_(*device_, "the output of attention"),
      gate_(*device_, "a feed-forward gate"),
      up_(*device_, "a feed-forward input"),
      shared_(*device_, "the shared experts' output"),
      router_(*device_, "router logits"),
      chosen_(*device_, "chosen experts"),
      chosen_weights_(*device_, "weights of chosen experts"),
      order_(*device_, "the order of experts' rows"),
      offsets_(*device_, "offsets of experts' rows"),
      slot_of_(*device_, "places of experts' rows"),
      expert_in_(*device_, "the experts' gates"),
      expert_out_(*device_, "the experts' outputs"),
      rows_(*device_, "rows to evaluate"),
      logits_(*device_, "logits"),
      asked_(*device_, "rows that are asked about"),
      mtp_in_(*device_, "the input of multi-token prediction"),
      mtp_x_(*device_, "the stream of multi-token prediction") {}

int64_t Model::workspace_bytes() const {
  int64_t bytes = 0;
  for (const Workspace* space :
       {&x_, &h_, &delta_, &q_, &q_latent_, &kv_, &k_, &v_, &attended_, &gate_, &up_, &shared_, &router_, &chosen_, &chosen_weights_,
        &order_, &offsets_, &slot_of_, &expert_in_, &expert_out_, &rows_, &logits_, &asked_, &mtp_in_, &mtp_x_}) {
    bytes += space->bytes();
  }
  return bytes;
}

std::string Model::head_name() const { return spec_.tied_head ? "model.embed_tokens.weight" : "lm_head.weight"; }

Weight Model::head() { return weights_->matrix(head_name(), numerics_.head); }

void Model::check(const Step& step) const {
  const int count = static_cast<int>(step.tokens.size());
  require(count > 0, "no tokens");
  for (int32_t token : step.tokens) require(token >= 0 && token < spec_.vocab, "a token id outside the vocabulary");
  int row = 0;
  for (const Span& span : step.spans) {
    require(span.first_row == row && span.count > 0 && span.start_position >= 0, "spans do not cover the rows in order");
    require(span.count <= spec_.context_length - span.start_position, "a position beyond the model's context");
    const int pages = (span.start_position + span.count + kPageTokens - 1) / kPageTokens;
    require(span.first_page >= 0 && static_cast<size_t>(span.first_page) + pages <= step.page_table.size(),
            "a span's pages are outside the page table");
    row += span.count;
  }
  require(row == count, "spans do not cover the rows");
  for (int32_t page : step.page_table) require(page >= 0 && page < cache_.pages(), "a page outside the cache");
  require(step.page_copies.size() % 2 == 0, "page copies are not pairs");
  for (int32_t page : step.page_copies) require(page >= 0 && page < cache_.pages(), "a copied page outside the cache");
  for (int32_t r : step.rows) require(r >= 0 && r < count, "a row to evaluate outside the step");
  require(step.ids.size() == step.id_rows.size(), "ids and their rows differ in length");
  for (int32_t id : step.ids) require(id >= 0 && id < spec_.vocab, "an asked id outside the vocabulary");
  for (int32_t r : step.id_rows) require(r >= 0 && static_cast<size_t>(r) < step.rows.size(), "an asked row outside the rows");
  require(step.sampling.empty() || (step.want_best && step.sampling.size() == step.rows.size()),
          "sampling needs one entry per row to evaluate, and the best tokens wanted");
  require(step.next_tokens.empty() || step.next_tokens.size() == step.tokens.size(), "next tokens and tokens differ in length");
  require(step.next_tokens.empty() || spec_.mtp_layers > 0, "the model has no multi-token-prediction module");
  std::vector<bool> chosen(count, false);
  for (int32_t r : step.rows) chosen[r] = step.want_best;
  for (size_t r = 0; r < step.next_tokens.size(); ++r) {
    const int32_t token = step.next_tokens[r];
    require(token >= kChosenNext && token < spec_.vocab, "a next token outside the vocabulary");
    require(token != kChosenNext || chosen[r], "a row whose next token is to be chosen is not evaluated");
  }
}

// cos and sin of every angle up to `count` positions; the angle is a float32 product, as in the reference implementations.
void Model::ensure_positions(int count) {
  if (count <= positions_) return;
  const int wanted = std::max(count, positions_ * 2);
  const int half = spec_.rope_dim / 2;
  std::vector<float> table(static_cast<size_t>(wanted) * spec_.rope_dim);
  for (int position = 0; position < wanted; ++position) {
    float* row = table.data() + static_cast<size_t>(position) * spec_.rope_dim;
    for (int i = 0; i < half; ++i) {
      const double angle = static_cast<float>(position) * spec_.inverse_frequencies[i];
      row[i] = static_cast<float>(std::cos(angle)) * spec_.rope_attention_factor;
      row[half + i] = static_cast<float>(std::sin(angle)) * spec_.rope_attention_factor;
    }
  }
  const int64_t bytes = static_cast<int64_t>(table.size() * sizeof(float));
  cos_sin_ = DeviceMemory();
  cos_sin_ = DeviceMemory(*device_, bytes, "the table of rotary angles");
  device_->upload(cos_sin_.data(), table.data(), bytes);
  positions_ = wanted;
}

LinearOp Model::linear_op(const float* x, int64_t x_stride, const std::string& name, Precision precision, int rows, float* y,
                          bool has_bias) {
  const Weight stored = weights_->matrix(name + ".weight", precision);
  const float* bias = has_bias ? weights_->vector(name + ".bias") : nullptr;
  return {x, x_stride, stored, bias, precision, rows, y, stored.rows};
}

void Model::linear(const float* x, int64_t x_stride, const std::string& name, Precision precision, int rows, float* y,
                   bool has_bias) {
  run(linear_op(x, x_stride, name, precision, rows, y, has_bias));
}

void Model::add_layer(float* x, const float* delta, const Weight& norm, int count, float* h) {
  const AddNormOp op{x, delta, norm, spec_.norm_eps, numerics_.round_normalized, count, spec_.width, h};
  if (!uncombined_.has_value()) return run(op);
  run(CombineNormOp{*std::exchange(uncombined_, std::nullopt), op});
}

// x += delta of the layer before; then this layer's two halves, the second left for add_layer() in delta_ or uncombined_. Only `queries` go on
// behind the keys and values: all rows, or some of them, which then are in memory of their own. Returns their x.
float* Model::layer(int index, const Rows& rows, const Rows& queries, float* x, const float* delta) {
  const std::string prefix = layer_prefix(index);
  const DeviceRange range(*device_, prefix.c_str());
  float* h = h_.floats(static_cast<int64_t>(rows.count) * spec_.width);
  float* y = delta_.floats(static_cast<int64_t>(rows.count) * spec_.width);
  const Weight first = weights_->stored(prefix + "input_layernorm.weight");
  const Weight second = weights_->stored(prefix + "post_attention_layernorm.weight");
  add_layer(x, delta, first, rows.count, h);
  const int count = queries.count;
  if (count > 0 && queries.from == nullptr) {
    attention(index, rows, h, y);
  } else {
    remember(index, rows, h);
    if (count == 0) return x;
    float* taken = asked_.floats(2 * static_cast<int64_t>(rows.count) * spec_.width);
    float* taken_h = taken + static_cast<int64_t>(count) * spec_.width;
    run(TakeRowsOp{x, spec_.width, queries.from, count, taken});
    run(TakeRowsOp{h, spec_.width, queries.from, count, taken_h});
    x = taken;
    ask(index, queries, taken_h, y);
  }
  feed_forward(index, {x, y, second, spec_.norm_eps, numerics_.round_normalized, count, spec_.width, h}, y);
  return x;
}

// Rows of the step that nobody asks about end with their keys and values in the last layer, unless the step wants something of each:
// its experts, or the MTP module.
struct Model::Asked {
  Asked(const Step& step, const Rows& all) {
    std::vector<int32_t> places(step.tokens.size(), -1);
    for (int32_t row : step.rows) places[row] = 0;
    int span = -1, last = -1;
    for (size_t row = 0, next = 0; row < places.size(); ++row) {
      if (next < step.spans.size() && step.spans[next].first_row == static_cast<int>(row)) ++next;
      if (places[row] < 0) continue;
      places[row] = static_cast<int32_t>(from.size());
      const int its_span = static_cast<int>(next) - 1;
      if (its_span == span && last + 1 == static_cast<int>(row)) {
        ++spans.back().count;
      } else {
        const Span& whole = step.spans[its_span];
        spans.push_back({places[row], 1, whole.start_position + static_cast<int>(row) - whole.first_row, whole.first_page, whole.decode});
      }
      span = its_span;
      last = static_cast<int>(row);
      from.push_back(last);
      rows.positions.push_back(all.positions[row]);
    }
    for (int32_t row : step.rows) evaluated.push_back(places[row]);
    rows.count = static_cast<int>(from.size());
  }

  // Before they are computed, where they are not all rows.
  void stage(const Rows& all, Device& device) {
    if (rows.count == 0) return;
    rows.from = device.stage(from);
    rows.rope_positions = device.stage(rows.positions);
    rows.spans = all.spans;
    rows.spans.host = spans.data();
    rows.spans.device = device.stage(spans);
    rows.spans.count = static_cast<int>(spans.size());
  }

  Rows rows;
  std::vector<int32_t> evaluated;  // the step's `rows`, as places in these

 private:
  std::vector<int32_t> from;
  std::vector<Span> spans;
};

StepResult Model::forward(const Step& step) {
  check(step);
  const bool decoding = std::all_of(step.spans.begin(), step.spans.end(), [](const Span& span) { return span.decode; });
  const DeviceRange range(*device_, decoding ? "decoding step" : "step");
  uncombined_.reset();  // of a step that failed half-way
  device_->begin_step(decoding);
  cache_.copy_pages(step.page_copies);

  Rows rows;
  rows.count = static_cast<int>(step.tokens.size());
  std::vector<int32_t> slots;
  int last_position = 0;
  for (const Span& span : step.spans) {
    for (int i = 0; i < span.count; ++i) {
      const int position = span.start_position + i;
      rows.positions.push_back(position);
      slots.push_back(step.page_table[span.first_page + position / kPageTokens] * kPageTokens + position % kPageTokens);
      last_position = std::max(last_position, position);
    }
  }
  rows.rope_positions = device_->stage(rows.positions);
  rows.slots = device_->stage(slots);
  rows.spans = {step.spans.data(),      device_->stage(step.spans),      static_cast<int>(step.spans.size()),
                step.page_table.data(), device_->stage(step.page_table), static_cast<int>(step.page_table.size())};
  ensure_positions(last_position + 2);

  StepResult result;
  recording_experts_ = step.want_experts;
  recorded_experts_.clear();
  recorded_experts_.reserve(spec_.layers);  // landed memory must stay where it is
  float* x = x_.floats(static_cast<int64_t>(rows.count) * spec_.width);
  run(EmbedOp{device_->stage(step.tokens), weights_->stored("model.embed_tokens.weight"), rows.count, x});
  std::optional<Asked> asked;
  if (step.next_tokens.empty() && !step.want_experts) asked.emplace(step, rows);
  const bool some = asked.has_value() && asked->rows.count < rows.count;
  if (some) asked->stage(rows, *device_);
  const Rows& last = some ? asked->rows : rows;
  const float* delta = nullptr;
  for (int index = 0; index < spec_.layers; ++index) {
    x = layer(index, rows, index + 1 == spec_.layers ? last : rows, x, delta);
    delta = delta_.floats(0);
  }
  if (last.count > 0) add_layer(x, delta, Weight{}, last.count, nullptr);

  recording_experts_ = false;
  evaluate(step, x, device_->stage(some ? asked->evaluated : step.rows), result);
  if (!step.next_tokens.empty()) predict_next_next(step, rows, x, result);
  device_->finish();
  for (const std::vector<int32_t>& chosen : recorded_experts_) {
    result.experts.insert(result.experts.end(), chosen.begin(), chosen.end());
  }
  return result;
}

}  // namespace evalrun

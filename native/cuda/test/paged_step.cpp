#include "cuda/test/paged_step.h"

#include "cuda/kv_layout.h"

namespace evalrun::cuda::test {

using evalrun::test::store_element;

PageOrder::PageOrder(Random& random, int pages) {
  for (int i = 0; i < pages; ++i) order_.push_back(i);
  for (int i = pages - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
}

PagedCache::PagedCache(DType dtype, int pages, int heads, int key_columns, int value_columns)
    : dtype_(dtype), heads_(heads), key_columns_(key_columns), value_columns_(value_columns) {
  const size_t slots = static_cast<size_t>(pages) * kPageTokens * element_size(dtype);
  if (heads == 0) {
    host_keys_.assign(slots * (key_columns + value_columns), '\xff');
    return;
  }
  host_keys_.assign(slots * heads * key_columns, '\xff');
  keys_.assign(slots * heads * key_columns, '\xff');
  host_values_.assign(slots * heads * value_columns, '\xff');
}

void PagedCache::store(const Sequence& sequence, int position, const float* key, const float* value) {
  const int64_t page = sequence.pages[position / kPageTokens], place = position % kPageTokens;
  const int64_t slot = page * kPageTokens + place;
  if (heads_ == 0) {
    const int64_t row = latent_kv_row(slot, key_columns_, value_columns_);
    for (int c = 0; c < key_columns_; ++c) store_element(host_keys_.data(), dtype_, row + c, key[c]);
    for (int c = 0; c < value_columns_; ++c) store_element(host_keys_.data(), dtype_, row + key_columns_ + c, value[c]);
    return;
  }
  for (int head = 0; head < heads_; ++head) {
    const float* k = key + head * key_columns_;
    const float* v = value + head * value_columns_;
    for (int c = 0; c < key_columns_; ++c) {
      store_element(host_keys_.data(), dtype_, ((page * heads_ + head) * key_columns_ + c) * kPageTokens + place, k[c]);
      store_element(keys_.data(), dtype_, dense_kv_row(slot, head, heads_, key_columns_) + c, k[c]);
    }
    for (int c = 0; c < value_columns_; ++c) {
      store_element(host_values_.data(), dtype_, dense_kv_row(slot, head, heads_, value_columns_) + c, v[c]);
    }
  }
}

namespace {

std::vector<Span> spans_of(const std::vector<Part>& parts) {
  std::vector<Span> spans;
  int rows = 0, pages = 0;
  for (const Part& part : parts) {
    spans.push_back({rows, part.end - part.begin, part.begin, pages, part.decode});
    rows += part.end - part.begin;
    pages += (part.end - 1) / kPageTokens + 1;
  }
  return spans;
}

std::vector<int32_t> table_of(const std::vector<Sequence>& sequences, const std::vector<Part>& parts) {
  std::vector<int32_t> table;
  for (const Part& part : parts) {
    const std::vector<int32_t>& pages = sequences[part.sequence].pages;
    table.insert(table.end(), pages.begin(), pages.begin() + (part.end - 1) / kPageTokens + 1);
  }
  table.push_back(1 << 30);
  return table;
}

}  // namespace

StepSpans::StepSpans(const std::vector<Sequence>& sequences, const std::vector<Part>& parts)
    : spans_(spans_of(parts)), table_(table_of(sequences, parts)), device_spans_(spans_), device_table_(table_) {
  for (const Span& span : spans_) rows_ += span.count;
}

Spans StepSpans::host() const {
  const int count = static_cast<int>(spans_.size());
  return {spans_.data(), spans_.data(), count, table_.data(), table_.data(), static_cast<int>(table_.size())};
}

Spans StepSpans::device(int slack) {
  slack_spans_ = spans_;
  for (Span& span : slack_spans_) span.start_position += span.decode ? slack : 0;
  const int count = static_cast<int>(spans_.size());
  return {slack_spans_.data(), device_spans_.data(), count, table_.data(), device_table_.data(), static_cast<int>(table_.size())};
}

std::vector<float> gather(const std::vector<std::vector<float>>& matrices, const std::vector<Part>& parts, int64_t width,
                          int64_t stride) {
  std::vector<float> rows;
  for (const Part& part : parts) {
    for (int row = part.begin; row < part.end; ++row) {
      const float* from = matrices[part.sequence].data() + row * width;
      rows.insert(rows.end(), from, from + width);
      rows.resize(rows.size() + stride - width, bits_to_float(0xffffffffu));
    }
  }
  return rows;
}

std::vector<float> compact(const std::vector<float>& matrix, int64_t count, int64_t width, int64_t stride,
                           const std::string& what) {
  std::vector<float> rows;
  for (int64_t row = 0; row < count; ++row) {
    const float* from = matrix.data() + row * stride;
    rows.insert(rows.end(), from, from + width);
    for (int64_t c = width; c < stride; ++c) expect(float_to_bits(from[c]) == 0xffffffffu, what + ": wrote between its rows");
  }
  return rows;
}

}  // namespace evalrun::cuda::test

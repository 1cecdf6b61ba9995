// What both attention tests need: a paged cache in the CPU's and the GPU's layout, filled alike, and steps over parts of its
// sequences.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "cuda/linear_operand.h"
#include "cuda/test/harness.h"

namespace evalrun::cuda::test {

// A sequence's tokens and the pages that hold them.
struct Sequence {
  std::vector<int32_t> pages;
  int length = 0;
};

// Hands out pages in a scrambled order, so that consecutive blocks are never consecutive in memory.
class PageOrder {
 public:
  PageOrder(Random& random, int pages);
  int32_t next() { return order_.at(used_++); }

 private:
  std::vector<int32_t> order_;
  size_t used_ = 0;
};

// Dense (heads > 0) or latent (heads 0: rows of key_columns + value_columns in `keys`). NaN wherever nothing was stored.
class PagedCache {
 public:
  PagedCache(DType dtype, int pages, int heads, int key_columns, int value_columns);

  // One token's key and value, or latent and rotary key; rounded as the cache's dtype asks.
  void store(const Sequence& sequence, int position, const float* key, const float* value);

  DType dtype() const { return dtype_; }
  // As ops.h lays them out for the CPU, and as kv_layout.h does for the GPU (the host's copy).
  const void* host_keys() const { return host_keys_.data(); }
  const void* host_values() const { return host_values_.data(); }
  const std::vector<char>& keys() const { return heads_ == 0 ? host_keys_ : keys_; }
  const std::vector<char>& values() const { return host_values_; }

 private:
  DType dtype_;
  int heads_, key_columns_, value_columns_;
  std::vector<char> host_keys_, host_values_, keys_;
};

// Rows [begin, end) of a sequence, as one span of a step.
struct Part {
  int sequence, begin, end;
  bool decode = false;
};

// The spans of a step and its page table: only the pages up to each span's end, and an impossible one behind the last.
class StepSpans {
 public:
  StepSpans(const std::vector<Sequence>& sequences, const std::vector<Part>& parts);

  int rows() const { return rows_; }
  Spans host() const;
  // With `slack`, the host's copy of decode spans says that they are that much further on.
  Spans device(int slack = 0);

 private:
  std::vector<Span> spans_, slack_spans_;
  std::vector<int32_t> table_;
  int rows_ = 0;
  DeviceArray<Span> device_spans_;
  DeviceArray<int32_t> device_table_;
};

// The parts' rows of per-sequence matrices [length, width], one after the other, `stride` apart and NaN between.
std::vector<float> gather(const std::vector<std::vector<float>>& matrices, const std::vector<Part>& parts, int64_t width,
                          int64_t stride);

// Rows [0, count) of a [count, stride] matrix without what is between them, of which nothing may have been written.
std::vector<float> compact(const std::vector<float>& matrix, int64_t count, int64_t width, int64_t stride,
                           const std::string& what);

// Restores what a test changes of the context.
class ContextSettings {
 public:
  ContextSettings()
      : multiprocessors_(context().multiprocessors), capability_(context().compute_capability), wgmma_(context().wgmma),
        wgmma_attention_(context().wgmma_attention), alike_(context().wgmma_attends_alike) {}
  ~ContextSettings() {
    context().multiprocessors = multiprocessors_;
    context().compute_capability = capability_;
    context().wgmma = wgmma_;
    context().wgmma_attention = wgmma_attention_;
    context().wgmma_attends_alike = alike_;
  }

 private:
  int multiprocessors_, capability_;
  Wgmma wgmma_;
  WgmmaAttention wgmma_attention_;
  std::array<std::optional<bool>, kWgmmaAttentions> alike_;
};

// Runs an attention whose output, `rows` rows of `columns` at y, a product has converted before: it has to leave the bytes that the
// product's own conversion makes of y, and where it says so (`converts`) without one.
template <class Op>
void expect_converted(const Op& op, float* y, int64_t y_stride, int rows, int64_t columns, bool converts, const std::string& what) {
  Context& ctx = context();
  const OperandKey key{y, y_stride, rows, columns, Precision::kBF16};
  const auto operand_of = [&] {
    const Operand operand = linear_operand(ctx, key);
    std::vector<uint8_t> bytes(static_cast<size_t>(rows * operand.row_bytes));
    check(cudaMemcpyAsync(bytes.data(), operand.values, bytes.size(), cudaMemcpyDeviceToHost, ctx.stream), "an operand");
    finish_step();
    return bytes;
  };
  run_op(op);
  begin_step();
  operand_of();  // notes that y is converted
  begin_step();
  run(ctx, op);
  expect((ctx.operands.find(key, ctx.step) != nullptr) == converts, what + (converts ? ": was not converted" : ": was converted"));
  const std::vector<uint8_t> by_attention = operand_of();
  begin_step();
  expect(by_attention == operand_of(), what + ": an operand of other bytes");
}

// The test with prompts' attention, and what it expands, by wgmma: nothing where the GPU has none.
template <class Test>
std::string by_wgmma_attention(const Test& test) {
  if (context().compute_capability != 90) return "this GPU has no wgmma";
  const ContextSettings settings;
  context().wgmma = Wgmma::kLargeBf16;
  context().wgmma_attention = WgmmaAttention::kAlways;
  return test();
}

}  // namespace evalrun::cuda::test

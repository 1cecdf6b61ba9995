// The one graph: a decoder-only transformer whose parts are switched by ArchSpec fields.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/arch_spec.h"
#include "model/device.h"
#include "model/kv_cache.h"
#include "model/step.h"

namespace evalrun {

class Model {
 public:
  // The cache gets `pages` pages.
  Model(std::shared_ptr<Device> device, ArchSpec spec, Numerics numerics, const std::vector<FileRef>& files,
        std::vector<TensorRef> tensors, int pages);

  // Converts what needs converting, so that the first step does not; throws when a tensor is missing.
  void prepare();
  std::vector<TensorScan> scan() { return weights_->scan(); }
  // For any thread: ends what another one is loading.
  void cancel() { weights_->cancel(); }
  // Throws std::invalid_argument when the step is malformed; the cache is then untouched.
  StepResult forward(const Step& step);

  int64_t converted_bytes() const { return weights_->converted_bytes(); }
  int64_t cache_bytes() const { return cache_.bytes(); }
  int64_t workspace_bytes() const;
  // Op -> kernel that ran it so far.
  const std::map<std::string, std::string>& kernels_used() const { return kernels_used_; }

 private:
  struct Rows;  // derived per-row arrays
  struct Asked;  // the rows of a step that are asked about

  template <class Op>
  void run(const Op& op);
  void check(const Step& step) const;
  void ensure_positions(int count);
  // The product of the weight `name`.weight, and of its bias, with rows of x.
  LinearOp linear_op(const float* x, int64_t x_stride, const std::string& name, Precision precision, int rows, float* y,
                     bool has_bias);
  void linear(const float* x, int64_t x_stride, const std::string& name, Precision precision, int rows, float* y,
              bool has_bias);
  // x += what the layer before left, and h = x's norm (none where `norm` is empty).
  void add_layer(float* x, const float* delta, const Weight& norm, int count, float* h);
  float* layer(int index, const Rows& rows, const Rows& queries, float* x, const float* delta);
  // The rows' keys and values, into the cache, and what their queries find there.
  void attention(int layer, const Rows& rows, const float* h, float* y);
  // Either alone: of rows that are remembered, some ask.
  void remember(int layer, const Rows& rows, const float* h);
  void ask(int layer, const Rows& rows, const float* h, float* y);
  LinearOp query_product(int layer, const Rows& rows, const float* h);
  int64_t query_columns() const;
  // What queries find, of all heads: attended_. It is projected into y.
  int64_t attended_columns() const;
  void project_attended(int layer, const Rows& rows, float* y);
  // Of queries or keys of grouped-query attention, [rows, heads]: normalises them in place, where the model has a norm; the rotation that is
  // left to do.
  RopeOp normalized_heads(const std::string& norm, const Rows& rows, int heads, float* x);
  // `queries`: their product, made with those of keys and values; null for none.
  void remember_keys(int layer, const Rows& rows, const float* h, const LinearOp* queries);
  AttentionOp gqa_attention(int layer, const Rows& rows);
  LinearOp latent_product(int layer, const Rows& rows, const float* h);
  StoreLatentOp store_latent(int layer, const Rows& rows, const RopeOp& queries);
  RopeOp latent_queries(int layer, const Rows& rows);
  LatentAttentionOp latent_attention(int layer, const Rows& rows);
  // Of the norm's rows; into y, or what is still to be combined into it into uncombined_.
  void feed_forward(int layer, const AddNormOp& norm, float* y);
  void dense_mlp(const std::string& prefix, int64_t width, int count, const float* h, float* y);
  GatedLinearOp dense_gated(const std::string& prefix, int count, const float* h, float* gate, float* up);
  void moe(int layer, const std::string& prefix, const AddNormOp& norm, float* y);
  // places: where the step's `rows` are in x, on the device.
  void evaluate(const Step& step, const float* x, const int32_t* places, StepResult& result);
  void predict_next_next(const Step& step, const Rows& rows, const float* x, StepResult& result);
  Weight head();
  std::string head_name() const;
  // Every matrix that prepare() makes ready: of one expert's matrices, prefix and part name all experts.
  struct WeightVisitor {
    std::function<void(const std::string& name, Precision precision)> matrix, product;
    std::function<void(const std::string& prefix, const std::string& part)> experts;
  };
  void each_weight(const WeightVisitor& visit) const;

  ArchSpec spec_;
  Numerics numerics_;
  std::shared_ptr<Device> device_;  // before what lives on it
  std::unique_ptr<Weights> weights_;
  KvCache cache_;
  DeviceMemory cos_sin_;
  int positions_ = 0;
  std::map<std::string, std::string> kernels_used_;
  // Of the step being computed, one for each layer with experts, where it asks for them.
  std::vector<std::vector<int32_t>> recorded_experts_;
  bool recording_experts_ = false;
  std::optional<CombineOp> uncombined_;
  Workspace x_, h_, delta_, q_, q_latent_, kv_, k_, v_, attended_, gate_, up_, shared_, router_, chosen_, chosen_weights_, order_,
      offsets_, slot_of_, expert_in_, expert_out_, rows_, logits_, asked_, mtp_in_, mtp_x_;
};

}  // namespace evalrun

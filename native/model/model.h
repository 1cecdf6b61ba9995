// The one graph: a decoder-only transformer whose parts are switched by ArchSpec fields.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cpu/thread_pool.h"
#include "model/arch_spec.h"
#include "model/buffer.h"
#include "model/kv_cache.h"
#include "model/step.h"
#include "model/weight_store.h"

namespace evalrun {

struct ModelOptions {
  int threads = 1;
  int pages = 0;
  bool reference_kernels = false;
};

class Model {
 public:
  Model(ArchSpec spec, Numerics numerics, const std::vector<FileRef>& files, std::vector<TensorRef> tensors,
        const ModelOptions& options);

  // Converts what needs converting, so that the first step does not; throws when a tensor is missing.
  void prepare();
  std::vector<TensorScan> scan() { return weights_.scan(pool_); }
  // Throws std::invalid_argument when the step is malformed; the cache is then untouched.
  StepResult forward(const Step& step);

  int64_t converted_bytes() const { return weights_.converted_bytes(); }
  int64_t cache_bytes() const { return cache_.bytes(); }
  int64_t workspace_bytes() const;
  // Op -> kernel that ran it so far.
  const std::map<std::string, std::string>& kernels_used() const { return kernels_used_; }

 private:
  struct Rows;  // the step's derived per-row arrays

  template <class Op>
  void run(const Op& op);
  void check(const Step& step) const;
  void ensure_positions(int count);
  void linear(const float* x, int64_t x_stride, const std::string& name, Precision precision, int rows, float* y,
              bool has_bias);
  void layer(int index, const Rows& rows, float* x, const float* delta);
  void attention(int layer, const Rows& rows, const float* h, float* y);
  void gqa_attention(int layer, const Rows& rows, const float* h, float* y);
  void latent_attention(int layer, const Rows& rows, const float* h, float* y);
  void feed_forward(int layer, int count, const float* h, float* y);
  void dense_mlp(const std::string& prefix, int64_t width, int count, const float* h, float* y);
  void moe(int layer, const std::string& prefix, int count, const float* h, float* y);
  void evaluate(const Step& step, const float* x, StepResult& result);
  void predict_next_next(const Step& step, const Rows& rows, const float* x, StepResult& result);
  Weight head();
  // A product's weight, packed where that makes it faster.
  Weight weight(const std::string& name, Precision precision);

  ArchSpec spec_;
  Numerics numerics_;
  bool reference_kernels_;
  ThreadPool pool_;
  WeightStore weights_;
  KvCache cache_;
  std::vector<float> cos_sin_;
  int positions_ = 0;
  std::map<std::string, std::vector<Weight>> expert_weights_;
  std::map<std::string, std::string> kernels_used_;
  std::vector<uint16_t>* recorded_experts_ = nullptr;  // of the step being computed, where it asks for them
  Workspace x_, h_, delta_, q_, q_latent_, kv_, k_, v_, attended_, gate_, up_, shared_, router_, expert_in_, expert_out_, rows_,
      logits_, mtp_in_, mtp_x_;
};

}  // namespace evalrun

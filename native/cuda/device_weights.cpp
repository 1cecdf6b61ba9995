#include "cuda/device_weights.h"

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "cuda/uploader.h"
#include "model/weight_store.h"
#include "ops/numeric.h"

namespace evalrun::cuda {
namespace {

constexpr int kPrecisions = 3;

int64_t blocks_of(int64_t size) { return (size + kQuantBlock - 1) / kQuantBlock; }
int64_t row_bytes_of(const Weight& weight) { return round_up(weight.columns * element_size(weight.dtype), kRowBytes); }
int64_t scale_bytes_of(const Weight& weight) { return blocks_of(weight.rows) * blocks_of(weight.columns) * 4; }

class DeviceWeights : public Weights {
 public:
  DeviceWeights(Device& device, Context& ctx, const std::vector<FileRef>& files, std::vector<TensorRef> tensors, int host_threads)
      : device_(device), pool_(host_threads), store_(files, std::move(tensors)), uploader_(ctx.stream, pool_) {}

  Weight stored(const std::string& name) override {
    const auto known = stored_.find(name);
    if (known != stored_.end()) return known->second;
    return stored_.emplace(name, uploaded(name, store_.stored(name))).first->second;
  }

  Weight product(const std::string& name, Precision precision) override {
    auto& products = products_[static_cast<int>(precision)];
    const auto known = products.find(name);
    if (known != products.end()) return known->second;
    Buffer between;
    const Weight weight = uploaded(name, store_.converted_into(name, precision, between, pool_));
    return products.emplace(name, weight).first->second;
  }

  Weight matrix(const std::string& name, Precision precision) override {
    auto& matrices = matrices_[static_cast<int>(precision)];
    const auto known = matrices.find(name);
    if (known != matrices.end()) return known->second;
    Buffer between;
    const Weight weight = uploaded(name, operand(name, precision, between));
    return matrices.emplace(name, weight).first->second;
  }

  // All experts of one part lie behind each other, so that a kernel finds one by its number.
  const std::vector<Weight>& experts(const std::string& prefix, const std::string& part, int count,
                                     Precision precision) override {
    std::vector<Weight>& list = experts_[prefix + part];
    if (!list.empty()) return list;
    const std::string what = "the experts of " + prefix + part;
    char* values = nullptr;
    char* scales = nullptr;
    std::vector<Weight> weights, waiting;  // on the host: those whose scales are yet to be sent
    for (int e = 0; e < count; ++e) {
      Buffer between;
      const Weight host = operand(expert_name(prefix, e, part), precision, between);
      if (e == 0) {
        values = take(row_bytes_of(host) * host.rows * count, what);
        if (host.scale != nullptr) scales = take(scale_bytes_of(host) * count, what);
      } else if (host.rows != weights[0].rows || host.columns != weights[0].columns || host.dtype != weights[0].dtype) {
        throw CudaError(what + " differ in shape or type");
      }
      weights.push_back(placed(host, values + e * row_bytes_of(host) * host.rows,
                               scales == nullptr ? nullptr : scales + e * scale_bytes_of(host)));
      add_values(host, weights.back());
      if (between.data() != nullptr) {
        uploader_.begin_allocation();
        add_scales(host, weights.back());
        uploader_.finish();
      } else {
        waiting.push_back(host);
      }
    }
    // Of the mapped file all are gathered, and scales behind values: what lies together on the device is copied at once.
    uploader_.begin_allocation();
    for (size_t i = 0; i < waiting.size(); ++i) add_scales(waiting[i], weights[weights.size() - waiting.size() + i]);
    uploader_.finish();
    return list = std::move(weights);
  }

  const float* vector(const std::string& name) override {
    const auto known = vectors_.find(name);
    if (known != vectors_.end()) return known->second;
    const Weight host = store_.stored(name);
    const int64_t bytes = host.rows * host.columns * 4;
    char* values = take(bytes, name);
    uploader_.upload(values, bytes, store_.vector(name), bytes, 1);
    return vectors_.emplace(name, reinterpret_cast<const float*>(values)).first->second;
  }

  int64_t converted_bytes() const override { return bytes_; }
  std::vector<TensorScan> scan() const override { return store_.scan(pool_); }
  void cancel() override { pool_.cancel(); }

 private:
  // As a product reads it. FP8 codes are read by FP8 products alone: float32 is the reference's precision, whose size matters to nobody.
  Weight operand(const std::string& name, Precision precision, Buffer& memory) {
    const bool coded = precision == Precision::kF32 && store_.stored(name).dtype == DType::kF8E4M3;
    return coded ? store_.decoded_into(name, memory, pool_) : store_.converted_into(name, precision, memory, pool_);
  }

  char* take(int64_t bytes, const std::string& what) {
    memory_.emplace_back(device_, bytes, what);
    bytes_ += bytes;
    return static_cast<char*>(memory_.back().data());
  }

  // A tensor has one copy for each storage type, whoever asks: an embedding may be the head as well.
  Weight uploaded(const std::string& name, const Weight& host) {
    const auto known = uploaded_.find({name, host.dtype});
    if (known != uploaded_.end()) return known->second;
    char* values = take(row_bytes_of(host) * host.rows, name);
    char* scales = host.scale == nullptr ? nullptr : take(scale_bytes_of(host), name);
    const Weight weight = placed(host, values, scales);
    add_values(host, weight);
    uploader_.begin_allocation();
    add_scales(host, weight);
    uploader_.finish();
    return uploaded_.emplace(std::make_pair(name, host.dtype), weight).first->second;
  }

  static Weight placed(const Weight& host, char* values, char* scales) {
    Weight weight = host;
    weight.data = values;
    weight.scale = reinterpret_cast<const float*>(scales);
    weight.packed = nullptr;
    weight.stride = row_bytes_of(host) / element_size(host.dtype);
    return weight;
  }
  void add_values(const Weight& host, const Weight& device) {
    uploader_.add(const_cast<void*>(device.data), row_bytes_of(host), host.data, host.columns * element_size(host.dtype), host.rows,
                  store_.file_of(host.data));
  }
  void add_scales(const Weight& host, const Weight& device) {
    if (device.scale == nullptr) return;
    uploader_.add(const_cast<float*>(device.scale), scale_bytes_of(host), host.scale, scale_bytes_of(host), 1);
  }

  Device& device_;
  mutable ThreadPool pool_;
  WeightStore store_;
  Uploader uploader_;
  std::vector<DeviceMemory> memory_;
  std::unordered_map<std::string, Weight> stored_;
  // By precision: a step asks for hundreds of them.
  std::unordered_map<std::string, Weight> products_[kPrecisions], matrices_[kPrecisions];
  std::map<std::pair<std::string, DType>, Weight> uploaded_;
  std::unordered_map<std::string, std::vector<Weight>> experts_;
  std::unordered_map<std::string, const float*> vectors_;
  int64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Weights> open_device_weights(Device& device, Context& ctx, const std::vector<FileRef>& files,
                                             std::vector<TensorRef> tensors, int host_threads) {
  return std::make_unique<DeviceWeights>(device, ctx, files, std::move(tensors), host_threads);
}

}  // namespace evalrun::cuda

#include "cpu/host_weights.h"

#include <map>

#include "model/weight_store.h"

namespace evalrun {
namespace {

class HostWeights : public Weights {
 public:
  HostWeights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors, ThreadPool& pool, bool packed)
      : pool_(pool), packed_(packed), store_(files, std::move(tensors)) {}

  Weight stored(const std::string& name) override { return store_.stored(name); }
  void prepare(const std::vector<WeightUse>& uses) override {
    std::vector<WeightUse> wanted = uses;
    for (WeightUse& use : wanted) use.packed = use.packed && packed_;
    store_.prepare(wanted, pool_);
  }
  Weight product(const std::string& name, Precision precision) override { return store_.product(name, precision, pool_); }
  Weight matrix(const std::string& name, Precision precision) override {
    return packed_ ? store_.packed(name, precision, pool_) : store_.product(name, precision, pool_);
  }
  const std::vector<Weight>& experts(const std::string& prefix, const std::string& part, int count,
                                     Precision precision) override {
    std::vector<Weight>& list = experts_[prefix + part];
    for (int e = static_cast<int>(list.size()); e < count; ++e) {
      list.push_back(matrix(expert_name(prefix, e, part), precision));
    }
    return list;
  }
  const float* vector(const std::string& name) override { return store_.vector(name); }
  int64_t converted_bytes() const override { return store_.converted_bytes(); }
  std::vector<TensorScan> scan() const override { return store_.scan(pool_); }
  void cancel() override { pool_.cancel(); }

 private:
  ThreadPool& pool_;
  const bool packed_;
  WeightStore store_;
  std::map<std::string, std::vector<Weight>> experts_;
};

}  // namespace

std::unique_ptr<Weights> open_host_weights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors, ThreadPool& pool,
                                           bool packed) {
  return std::make_unique<HostWeights>(files, std::move(tensors), pool, packed);
}

}  // namespace evalrun

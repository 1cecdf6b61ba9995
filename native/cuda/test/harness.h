// Op tests of the GPU kernels, built twice from the same sources: against the simulation on the CPU, and by nvcc for a GPU.
// Expected values come from the CPU's reference kernels over the same inputs. (native/test has the runner and random inputs.)
#pragma once
#include <cstdint>
#include <vector>

#include "cuda/ops.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::cuda::test {

using evalrun::test::add;
using evalrun::test::Comparison;
using evalrun::test::expect;
using evalrun::test::Random;
using evalrun::test::StoredWeight;

// The one context of the program; a step is begun, and scratch is reset, by each call of run_op.
Context& context();

// Device memory filled with 0xff (NaN in every format), with a zone of the same behind and before it.
class DeviceBytes {
 public:
  explicit DeviceBytes(int64_t bytes);
  DeviceBytes(const void* host, int64_t bytes);
  ~DeviceBytes();
  DeviceBytes(const DeviceBytes&) = delete;
  DeviceBytes& operator=(const DeviceBytes&) = delete;
  DeviceBytes(DeviceBytes&&) noexcept;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  void read(void* host) const;
  // Throws where the zones were written.
  void check(const std::string& what) const;

 private:
  char* allocation_ = nullptr;
  char* data_ = nullptr;
  int64_t bytes_ = 0;
};

template <class T>
class DeviceArray : public DeviceBytes {
 public:
  explicit DeviceArray(int64_t count) : DeviceBytes(count * static_cast<int64_t>(sizeof(T))) {}
  explicit DeviceArray(const std::vector<T>& values)
      : DeviceBytes(values.data(), static_cast<int64_t>(values.size() * sizeof(T))) {}
  T* data() const { return static_cast<T*>(DeviceBytes::data()); }
  std::vector<T> host() const {
    std::vector<T> values(static_cast<size_t>(bytes()) / sizeof(T));
    read(values.data());
    return values;
  }
};

// A copy of weights on the device as DeviceWeights lays them out: rows padded with zeros to kRowBytes, what is behind them
// poisoned; several of one shape are equally spaced.
class DeviceWeightCopy {
 public:
  explicit DeviceWeightCopy(const std::vector<Weight>& host);
  explicit DeviceWeightCopy(const Weight& host) : DeviceWeightCopy(std::vector<Weight>{host}) {}
  const Weight& weight(int index = 0) const { return weights_[index]; }
  const std::vector<Weight>& weights() const { return weights_; }

 private:
  std::vector<DeviceBytes> memory_;
  std::vector<Weight> weights_;
};

// Begins a step, runs the op, waits for the device and throws what went wrong.
template <class Op>
const char* run_op(const Op& op);
void begin_step();
void finish_step();

template <class Op>
const char* run_op(const Op& op) {
  begin_step();
  const char* name = run(context(), op);
  finish_step();
  return name;
}

}  // namespace evalrun::cuda::test

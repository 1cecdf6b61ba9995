// A checkpoint's tensors as a device's kernels read them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ops/ops.h"

namespace evalrun {

struct TensorRef {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  int file = 0;
  int64_t offset = 0;
  bool has_scale = false;
  DType scale_dtype = DType::kF32;
  int scale_file = 0;
  int64_t scale_offset = 0;
};

struct FileRef {
  std::string path;
  int64_t size = 0;
};

// What one pass over a tensor's bytes finds.
struct TensorScan {
  std::string name;
  uint64_t hash = 0;
  int64_t first_non_finite = -1;  // element index, -1 when all are finite
};

// A matrix that a model will ask for: by matrix() where `packed`, else by product().
struct WeightUse {
  std::string name;
  Precision precision = Precision::kF32;
  bool packed = false;
};

inline std::string expert_name(const std::string& prefix, int expert, const std::string& part) {
  return prefix + "experts." + std::to_string(expert) + "." + part + ".weight";
}

// Each is converted once, then kept. All throw std::runtime_error when the checkpoint has no such tensor.
class Weights {
 public:
  virtual ~Weights() = default;

  // The tensor as stored, as [shape[0], rest]; vectors are one row.
  virtual Weight stored(const std::string& name) = 0;
  // Told what the model will ask for, a device may get it all ready at once. What is not named is made when it is asked for.
  virtual void prepare(const std::vector<WeightUse>&) {}
  // In the format that a product of this precision reads, element by element.
  virtual Weight product(const std::string& name, Precision precision) = 0;
  // In the format in which the device's matrix products read it fastest.
  virtual Weight matrix(const std::string& name, Precision precision) = 0;
  // matrix() of "<prefix>experts.<e>.<part>.weight" for every expert.
  virtual const std::vector<Weight>& experts(const std::string& prefix, const std::string& part, int count,
                                             Precision precision) = 0;
  // A vector as float32.
  virtual const float* vector(const std::string& name) = 0;
  // Bytes of memory that were taken beyond the mapped files.
  virtual int64_t converted_bytes() const = 0;
  // Reads every byte once: a 64-bit hash and a search for NaN and infinity per tensor.
  virtual std::vector<TensorScan> scan() const = 0;
  // For any thread: what is being loaded or read ends soon, with std::runtime_error, and so does what is asked later.
  virtual void cancel() = 0;
};

}  // namespace evalrun

// The checkpoint's tensors by name in the host's memory: mapped as they are, converted only where a product needs another format.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cpu/thread_pool.h"
#include "model/buffer.h"
#include "model/byte_scan.h"
#include "model/mapped_file.h"
#include "model/memory_nodes.h"
#include "model/weight_load.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace evalrun {

class WeightStore {
 public:
  // On a machine of several memory nodes, what is made from stored weights is spread over them.
  WeightStore(const std::vector<FileRef>& files, std::vector<TensorRef> tensors, int memory_nodes = count_memory_nodes());

  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  // The tensor as stored, as [shape[0], rest]; vectors are one row. Throws when it is missing.
  Weight stored(const std::string& name);
  // The tensor in the format that a product of this precision reads; converted once, then kept.
  Weight product(const std::string& name, Precision precision, ThreadPool& pool);
  // As product(), but what is converted goes into `memory`, which the caller keeps, and nothing is remembered.
  Weight converted_into(const std::string& name, Precision precision, Buffer& memory, ThreadPool& pool);
  // In `memory` as float32, whatever it is stored as.
  Weight decoded_into(const std::string& name, Buffer& memory, ThreadPool& pool);
  // As product(), and laid out for the kernels that read packed weights where this CPU has them; `data` of what was converted on
  // the way is then gone.
  Weight packed(const std::string& name, Precision precision, ThreadPool& pool);
  // product() and packed() of many at once: each tensor is read from memory once, hashed on the way, and dropped from the mapped
  // files' share of memory where it was copied, because it is not read again.
  void prepare(const std::vector<WeightUse>& uses, ThreadPool& pool);
  // The mapped file that holds this place, or null: memory of the store's own, or of somebody else.
  const MappedFile* file_of(const void* place) const;
  // A vector as float32.
  const float* vector(const std::string& name);
  // Bytes of memory that conversions took, beyond the mapped files.
  int64_t converted_bytes() const { return converted_bytes_; }
  // A 64-bit hash and a search for NaN and infinity per tensor; reads what prepare() has not.
  std::vector<TensorScan> scan(ThreadPool& pool) const;

 private:
  const TensorRef& find(const std::string& name) const;
  const uint8_t* bytes_of(int file, int64_t offset, int64_t bytes) const;
  // What was found in a tensor's values, and what is in its block scales.
  TensorScan with_scale(const TensorRef& tensor, const ByteScan& values) const;
  void* keep(int64_t bytes);
  // What keep() gave is not needed.
  void give_back(void* memory, int64_t bytes);
  WeightLoad load_of(const Weight& from, Precision precision);
  void read_ahead(const TensorRef& tensor) const;
  // Scans a tensor while loading it; panels that turn out not to be compact are told by `fits`.
  TensorScan loaded(const TensorRef& tensor, const WeightLoad& load, bool& fits) const;
  // Where what a load makes goes.
  void give_memory(WeightLoad& load, bool packs, ThreadPool& pool);

  const int memory_nodes_;
  std::vector<MappedFile> files_;
  std::map<std::string, TensorRef> tensors_;
  std::map<std::string, Weight> stored_;
  std::map<std::pair<std::string, Precision>, Weight> products_;
  std::map<std::pair<std::string, Precision>, Weight> packed_;
  std::map<std::string, const float*> vectors_;
  std::map<std::string, TensorScan> scans_;  // of what prepare() has read
  Arena owned_;
  int64_t converted_bytes_ = 0;
};

}  // namespace evalrun

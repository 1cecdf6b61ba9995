#include "model/weight_store.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "cpu/packed_weight.h"
#include "model/byte_scan.h"
#include "ops/numeric.h"

namespace evalrun {
namespace {

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return count;
}

int64_t stored_bytes(const TensorRef& tensor) { return count_of(tensor.shape) * element_size(tensor.dtype); }

int64_t blocks_of(int64_t size) { return (size + kQuantBlock - 1) / kQuantBlock; }

// What a product of this precision needs beside the stored weight; 0 where it reads it as it is.
int64_t conversion_bytes(const Weight& weight, Precision precision) {
  if (precision == Precision::kBF16 && weight.dtype != DType::kBF16) return weight.rows * weight.columns * 2;
  if (precision == Precision::kFP8 && weight.dtype != DType::kF8E4M3) return weight.rows * weight.columns;
  return 0;
}

}  // namespace

WeightStore::WeightStore(const std::vector<FileRef>& files, std::vector<TensorRef> tensors) {
  for (const FileRef& file : files) files_.emplace_back(file.path, file.size);
  for (TensorRef& tensor : tensors) {
    const std::string name = tensor.name;
    tensors_.emplace(name, std::move(tensor));
  }
}

const TensorRef& WeightStore::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw std::runtime_error("the checkpoint has no tensor " + name);
  return found->second;
}

const uint8_t* WeightStore::bytes_of(int file, int64_t offset, int64_t bytes) const {
  const MappedFile& mapped = files_.at(file);
  if (offset < 0 || bytes < 0 || offset > mapped.size() - bytes) {
    throw std::runtime_error("a tensor lies outside its file");
  }
  return mapped.data() + offset;
}

void* WeightStore::keep(int64_t bytes) {
  converted_bytes_ += bytes;
  return owned_.take(bytes);
}

Weight WeightStore::stored(const std::string& name) {
  const auto known = stored_.find(name);
  if (known != stored_.end()) return known->second;
  const TensorRef& tensor = find(name);
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = tensor.shape.size() > 1 ? tensor.shape[0] : 1;
  weight.columns = tensor.shape.size() > 1 ? count_of(tensor.shape) / tensor.shape[0] : count_of(tensor.shape);
  weight.data = bytes_of(tensor.file, tensor.offset, stored_bytes(tensor));
  if (tensor.has_scale) {
    const int64_t scales = blocks_of(weight.rows) * blocks_of(weight.columns);
    const uint8_t* source = bytes_of(tensor.scale_file, tensor.scale_offset, scales * element_size(tensor.scale_dtype));
    float* copy = static_cast<float*>(keep(scales * 4));
    for (int64_t i = 0; i < scales; ++i) copy[i] = load_element(source, tensor.scale_dtype, i);
    weight.scale = copy;
  }
  return stored_.emplace(name, weight).first->second;
}

Weight WeightStore::product(const std::string& name, Precision precision, ThreadPool& pool) {
  const auto known = products_.find({name, precision});
  if (known != products_.end()) return known->second;
  const Weight weight = stored(name);
  const int64_t bytes = conversion_bytes(weight, precision);
  const Weight result = bytes == 0 ? weight : converted(weight, precision, keep(bytes), pool);
  return products_.emplace(std::make_pair(name, precision), result).first->second;
}

Weight WeightStore::converted_into(const std::string& name, Precision precision, Buffer& memory, ThreadPool& pool) {
  const Weight weight = stored(name);
  const int64_t bytes = conversion_bytes(weight, precision);
  if (bytes == 0) return weight;
  memory = Buffer(bytes);
  return converted(weight, precision, memory.data(), pool);
}

Weight WeightStore::decoded_into(const std::string& name, Buffer& memory, ThreadPool& pool) {
  Weight weight = stored(name);
  memory = Buffer(weight.rows * weight.columns * 4);
  float* values = static_cast<float*>(memory.data());
  pool.run(weight.rows, [&](int64_t row, int) {
    for (int64_t c = 0; c < weight.columns; ++c) values[row * weight.columns + c] = load_weight(weight, row, c);
  });
  weight.data = values;
  weight.dtype = DType::kF32;
  weight.scale = nullptr;
  return weight;
}

Weight WeightStore::packed(const std::string& name, Precision precision, ThreadPool& pool) {
  const auto known = packed_.find({name, precision});
  if (known != packed_.end()) return known->second;
  const DType dtype = precision == Precision::kBF16 ? DType::kBF16 : DType::kF8E4M3;
  if (precision == Precision::kF32 || !takes_packed(precision, dtype, cpu_features())) return product(name, precision, pool);
  Buffer between;
  Weight weight = converted_into(name, precision, between, pool);
  char* panels = static_cast<char*>(keep(packed_weight_bytes(weight)));
  pool.run(panels_of(weight.rows), [&](int64_t panel, int) {
    pack_panel(weight, panel, panels + panel * panel_bytes(weight.dtype, weight.columns));
  });
  weight.packed = panels;
  if (between.data() != nullptr) weight.data = nullptr;
  const TensorRef& tensor = find(name);
  files_.at(tensor.file).forget(tensor.offset, stored_bytes(tensor));
  return packed_.emplace(std::make_pair(name, precision), weight).first->second;
}

Weight WeightStore::converted(Weight weight, Precision precision, void* memory, ThreadPool& pool) {
  return precision == Precision::kBF16 ? to_bf16(weight, memory, pool) : to_fp8(weight, memory, pool);
}

const float* WeightStore::vector(const std::string& name) {
  const auto known = vectors_.find(name);
  if (known != vectors_.end()) return known->second;
  const Weight weight = stored(name);
  const int64_t count = weight.rows * weight.columns;
  float* values = static_cast<float*>(keep(count * 4));
  for (int64_t i = 0; i < count; ++i) values[i] = load_element(weight.data, weight.dtype, i);
  return vectors_.emplace(name, values).first->second;
}

Weight WeightStore::to_bf16(const Weight& weight, void* memory, ThreadPool& pool) {
  uint16_t* values = static_cast<uint16_t*>(memory);
  pool.run(weight.rows, [&](int64_t row, int) {
    for (int64_t c = 0; c < weight.columns; ++c) values[row * weight.columns + c] = float_to_bf16(load_weight(weight, row, c));
  });
  Weight converted = weight;
  converted.data = values;
  converted.dtype = DType::kBF16;
  converted.scale = nullptr;
  return converted;
}

// One scale per 128x128 block, amax / 448 (at least 1e-12 / 448), ragged edges included.
Weight WeightStore::to_fp8(const Weight& weight, void* memory, ThreadPool& pool) {
  const int64_t row_blocks = blocks_of(weight.rows);
  const int64_t column_blocks = blocks_of(weight.columns);
  uint8_t* codes = static_cast<uint8_t*>(memory);
  float* scales = static_cast<float*>(keep(row_blocks * column_blocks * 4));
  pool.run(row_blocks * column_blocks, [&](int64_t block, int) {
    const int64_t first_row = block / column_blocks * kQuantBlock;
    const int64_t first_column = block % column_blocks * kQuantBlock;
    const int64_t last_row = std::min(first_row + kQuantBlock, weight.rows);
    const int64_t last_column = std::min(first_column + kQuantBlock, weight.columns);
    float amax = 1e-12f;
    for (int64_t r = first_row; r < last_row; ++r) {
      for (int64_t c = first_column; c < last_column; ++c) amax = std::max(amax, std::fabs(load_weight(weight, r, c)));
    }
    const float scale = amax / 448.0f;
    scales[block] = scale;
    for (int64_t r = first_row; r < last_row; ++r) {
      for (int64_t c = first_column; c < last_column; ++c) {
        codes[r * weight.columns + c] = float_to_e4m3(load_weight(weight, r, c) / scale);
      }
    }
  });
  Weight converted = weight;
  converted.data = codes;
  converted.dtype = DType::kF8E4M3;
  converted.scale = scales;
  return converted;
}

std::vector<TensorScan> WeightStore::scan(ThreadPool& pool) const {
  std::vector<const TensorRef*> order;
  for (const auto& [name, tensor] : tensors_) order.push_back(&tensor);
  // The largest first, so that no thread begins one when the others have nothing left.
  std::vector<int64_t> by_size(order.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::stable_sort(by_size.begin(), by_size.end(), [&](int64_t a, int64_t b) { return stored_bytes(*order[a]) > stored_bytes(*order[b]); });
  std::vector<TensorScan> scans(order.size());
  pool.run(static_cast<int64_t>(order.size()), [&](int64_t piece, int) {
    const TensorRef& tensor = *order[by_size[piece]];
    ByteScan values(tensor.dtype);
    values.update(bytes_of(tensor.file, tensor.offset, stored_bytes(tensor)), stored_bytes(tensor));
    scans[by_size[piece]] = with_scale(tensor, values);
  });
  return scans;
}

TensorScan WeightStore::with_scale(const TensorRef& tensor, const ByteScan& values) const {
  TensorScan scan{tensor.name, values.hash(), values.first_non_finite()};
  if (!tensor.has_scale) return scan;
  const int64_t bytes = blocks_of(tensor.shape.at(0)) * blocks_of(tensor.shape.at(1)) * element_size(tensor.scale_dtype);
  ByteScan scales(tensor.scale_dtype);
  scales.update(bytes_of(tensor.scale_file, tensor.scale_offset, bytes), bytes);
  scan.hash ^= scales.hash() * 31;
  if (scan.first_non_finite < 0 && scales.first_non_finite() >= 0) {
    scan.first_non_finite = scales.first_non_finite();
    scan.name += "_scale_inv";
  }
  return scan;
}

}  // namespace evalrun

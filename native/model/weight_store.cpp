#include "model/weight_store.h"

#include <algorithm>
#include <stdexcept>

#include "cpu/compact_panel.h"
#include "cpu/packed_weight.h"
#include "model/byte_scan.h"
#include "model/memory_nodes.h"
#include "ops/numeric.h"

namespace evalrun {
namespace {

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return count;
}

int64_t stored_bytes(const TensorRef& tensor) { return count_of(tensor.shape) * element_size(tensor.dtype); }

bool is_larger(const TensorRef& a, const TensorRef& b) { return stored_bytes(a) > stored_bytes(b); }

int64_t blocks_of(int64_t size) { return (size + kQuantBlock - 1) / kQuantBlock; }

// The storage type that a product of this precision reads.
DType read_by(Precision precision, DType stored) {
  if (precision == Precision::kBF16) return DType::kBF16;
  return precision == Precision::kFP8 ? DType::kF8E4M3 : stored;
}

// Mapped pages are given back in pieces of this size while a tensor is loaded: often enough that they do not add up, and seldom
// enough that it takes no time.
constexpr int64_t kForgetBytes = 4 << 20;
// A disk is asked for so much ahead of each thread: page faults alone leave it waiting between short requests.
constexpr int64_t kAheadBytes = 16 << 20;

}  // namespace

WeightStore::WeightStore(const std::vector<FileRef>& files, std::vector<TensorRef> tensors, int memory_nodes)
    : memory_nodes_(memory_nodes) {
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

void WeightStore::give_back(void* memory, int64_t bytes) {
  converted_bytes_ -= bytes;
  owned_.forget(memory, bytes);
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
  prepare({{name, precision, false}}, pool);
  return products_.at({name, precision});
}

Weight WeightStore::packed(const std::string& name, Precision precision, ThreadPool& pool) {
  prepare({{name, precision, true}}, pool);
  return packed_.at({name, precision});
}

const MappedFile* WeightStore::file_of(const void* place) const {
  for (const MappedFile& file : files_) {
    if (file.holds(place)) return &file;
  }
  return nullptr;
}

Weight WeightStore::converted_into(const std::string& name, Precision precision, Buffer& memory, ThreadPool& pool) {
  WeightLoad load = load_of(stored(name), precision);
  if (load.dtype == load.from.dtype) return load.from;
  memory = Buffer(load.from.rows * load.from.columns * element_size(load.dtype));
  load.values = memory.data();
  pool.run(load.strips(), [&](int64_t strip, int) { load.run(strip); });
  return load.loaded();
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

WeightLoad WeightStore::load_of(const Weight& from, Precision precision) {
  WeightLoad load{from, read_by(precision, from.dtype)};
  const bool quantised = load.dtype == DType::kF8E4M3 && from.dtype != DType::kF8E4M3;
  if (quantised) load.scales = static_cast<float*>(keep(blocks_of(from.rows) * blocks_of(from.columns) * 4));
  return load;
}

void WeightStore::prepare(const std::vector<WeightUse>& uses, ThreadPool& pool) {
  struct Job {
    const WeightUse* use;
    const TensorRef* tensor;
    WeightLoad load;
    TensorScan scan;
    bool fits = true;
  };
  std::vector<Job> jobs;
  for (const WeightUse& use : uses) {
    auto& known = use.packed ? packed_ : products_;
    if (known.count({use.name, use.precision}) != 0) continue;
    const Weight from = stored(use.name);
    const DType dtype = read_by(use.precision, from.dtype);
    const bool packs = use.packed && takes_packed(use.precision, dtype, cpu_features());
    known.emplace(std::make_pair(use.name, use.precision), from);
    if (!packs && dtype == from.dtype) continue;
    WeightLoad load = load_of(from, use.precision);
    load.compact = packs && use.precision != Precision::kF32 && takes_compact(dtype, cpu_features());
    give_memory(load, packs, pool);
    jobs.push_back({&use, &find(use.name), load, {}});
  }
  // The largest first, so that no thread begins one when the others have nothing left.
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return is_larger(*a.tensor, *b.tensor); });
  // A tensor is one piece, because its hash goes from its first byte to its last.
  pool.run(static_cast<int64_t>(jobs.size()), [&](int64_t i, int) {
    const size_t later = static_cast<size_t>(i + pool.size());
    if (later < jobs.size()) read_ahead(*jobs[later].tensor);
    jobs[i].scan = loaded(*jobs[i].tensor, jobs[i].load, jobs[i].fits);
  });
  for (Job& job : jobs) {
    if (job.fits) continue;
    give_back(job.load.panels, job.load.panels_bytes());
    job.load.compact = false;
    give_memory(job.load, true, pool);
    pool.run(job.load.strips(), [&](int64_t strip, int) { job.load.run(strip); });
  }
  for (const Job& job : jobs) {
    (job.use->packed ? packed_ : products_).at({job.use->name, job.use->precision}) = job.load.loaded();
    scans_.emplace(job.use->name, job.scan);
    // A page fault in a tensor maps pages around it, of neighbours that were done by then.
    files_.at(job.tensor->file).forget(job.tensor->offset, job.tensor->offset + stored_bytes(*job.tensor));
  }
}

void WeightStore::read_ahead(const TensorRef& tensor) const {
  files_.at(tensor.file).read_ahead(tensor.offset, tensor.offset + std::min(stored_bytes(tensor), kAheadBytes));
}

void WeightStore::give_memory(WeightLoad& load, bool packs, ThreadPool& pool) {
  const int64_t bytes = packs ? load.panels_bytes() : load.from.rows * load.from.columns * element_size(load.dtype);
  void* const memory = keep(bytes);
  (packs ? load.panels : load.values) = memory;
  if (memory_nodes_ > 1) spread_over_nodes(memory, bytes, pool);
}

TensorScan WeightStore::loaded(const TensorRef& tensor, const WeightLoad& load, bool& fits) const {
  const MappedFile& file = files_.at(tensor.file);
  const int64_t row_bytes = load.from.columns * element_size(load.from.dtype);
  const int64_t end = tensor.offset + stored_bytes(tensor);
  int64_t kept = tensor.offset, asked = tensor.offset;
  ByteScan values(tensor.dtype);
  for (int64_t strip = 0; strip < load.strips(); ++strip) {
    const int64_t begin = tensor.offset + strip * kStripRows * row_bytes;
    const int64_t next = std::min(begin + kStripRows * row_bytes, end);
    if (asked < end && begin + kAheadBytes / 2 >= asked) {
      file.read_ahead(asked, std::min(begin + kAheadBytes, end));
      asked = begin + kAheadBytes;
    }
    // The strip comes into this core's cache here and is read from there below.
    values.update(file.data() + begin, next - begin);
    fits = fits && load.run(strip);
    if (next - kept >= kForgetBytes || next == end) kept = file.forget(kept, next);
  }
  return with_scale(tensor, values);
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

std::vector<TensorScan> WeightStore::scan(ThreadPool& pool) const {
  struct Piece {
    const TensorRef* tensor;
    size_t place;
  };
  std::vector<TensorScan> scans;
  std::vector<Piece> pieces;
  for (const auto& [name, tensor] : tensors_) {
    const auto known = scans_.find(name);
    if (known == scans_.end()) pieces.push_back({&tensor, scans.size()});
    scans.push_back(known == scans_.end() ? TensorScan{} : known->second);
  }
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return is_larger(*a.tensor, *b.tensor); });
  pool.run(static_cast<int64_t>(pieces.size()), [&](int64_t piece, int) {
    const TensorRef& tensor = *pieces[piece].tensor;
    read_ahead(tensor);
    ByteScan values(tensor.dtype);
    values.update(bytes_of(tensor.file, tensor.offset, stored_bytes(tensor)), stored_bytes(tensor));
    scans[pieces[piece].place] = with_scale(tensor, values);
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

// Weights got ready many at a time from a file, against each made alone by definition, and what stays in memory of the file.
#include "model/weight_store.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "cpu/compact_panel.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

// A file of tensors that is removed with its owner.
class TensorFile {
 public:
  TensorFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/evalrun-weights-XXXXXX";
    const int file = mkstemp(path_.data());
    expect(file >= 0, "no temporary file");
    close(file);
    bytes_.resize(13);  // nothing in it is aligned
  }
  ~TensorFile() { std::remove(path_.c_str()); }
  TensorFile(const TensorFile&) = delete;
  TensorFile& operator=(const TensorFile&) = delete;

  // Random finite values.
  void add(const std::string& name, DType dtype, int64_t rows, int64_t columns, bool scaled = false) {
    TensorRef tensor{name, dtype, {rows, columns}, 0, static_cast<int64_t>(bytes_.size())};
    bytes_.resize(bytes_.size() + static_cast<size_t>(rows * columns * element_size(dtype)));
    for (int64_t i = 0; i < rows * columns; ++i) store_element(bytes_.data() + tensor.offset, dtype, i, random_.normal());
    if (scaled) {
      tensor.has_scale = true;
      tensor.scale_offset = static_cast<int64_t>(bytes_.size());
      const int64_t blocks = ((rows + 127) / 128) * ((columns + 127) / 128);
      bytes_.resize(bytes_.size() + static_cast<size_t>(blocks * 4));
      for (int64_t i = 0; i < blocks; ++i) {
        store_element(bytes_.data() + tensor.scale_offset, DType::kF32, i, 0.01f * static_cast<float>(i + 1));
      }
    }
    tensors_.push_back(tensor);
  }

  const TensorRef& tensor(const std::string& name) const {
    for (const TensorRef& tensor : tensors_) {
      if (tensor.name == name) return tensor;
    }
    throw Failure("no tensor " + name);
  }
  char* values(const std::string& name) { return bytes_.data() + tensor(name).offset; }
  char* scales(const std::string& name) { return bytes_.data() + tensor(name).scale_offset; }

  WeightStore open(int memory_nodes = 1) const {
    std::ofstream(path_, std::ios::binary).write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    return WeightStore({{path_, static_cast<int64_t>(bytes_.size())}}, tensors_, memory_nodes);
  }

  // Bytes of the mapped file in this process's memory.
  int64_t resident_bytes() const {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    bool ours = false;
    int64_t kilobytes = 0;
    while (std::getline(maps, line)) {
      if (line.find('-') < line.find(' ')) ours = line.find(path_) != std::string::npos;
      if (ours && line.rfind("Rss:", 0) == 0) kilobytes += std::atol(line.c_str() + 4);
    }
    return kilobytes * 1024;
  }

 private:
  std::string path_;
  std::vector<char> bytes_;
  std::vector<TensorRef> tensors_;
  Random random_{3};
};

struct Checkpoint : TensorFile {
  Checkpoint() {
    add("a.bf16", DType::kBF16, 300, 200);
    add("b.bf16", DType::kBF16, 64, 1030);
    add("c.f32", DType::kF32, 129, 257);
    add("d.e4m3", DType::kF8E4M3, 257, 384, true);
    add("e.norm", DType::kF32, 1, 200);
    // Too many exponents for compact panels, but not at the beginning.
    add("f.wide", DType::kBF16, 300, 200);
    for (int64_t i = 250 * 200; i < 300 * 200; i += 2) store_element(values("f.wide"), DType::kBF16, i, 1e-20f);
  }
};

std::vector<WeightUse> uses_of(Precision precision, bool packed) {
  std::vector<WeightUse> uses;
  for (const char* name : {"a.bf16", "b.bf16", "c.f32", "f.wide"}) uses.push_back({name, precision, packed});
  if (precision != Precision::kF32) uses.push_back({"d.e4m3", precision, packed});
  return uses;
}

float element(const Weight& weight, int64_t row, int64_t column) {
  if (weight.data != nullptr) return load_weight(weight, row, column);
  const int64_t size = element_size(weight.dtype);
  const char* panel = static_cast<const char*>(weight.packed) + row / kPanelOutputs * panel_bytes(weight.dtype, weight.columns);
  const int64_t place = (column / 2 * kPanelOutputs + row % kPanelOutputs) * 2 + column % 2;
  const float value = load_element(panel + place * size, weight.dtype, 0);
  if (weight.dtype != DType::kF8E4M3) return value;
  return value * weight.scale[row / kQuantBlock * ((weight.columns + kQuantBlock - 1) / kQuantBlock) + column / kQuantBlock];
}

// The same weight with plain panels, in `memory`.
Weight plain(Weight weight, std::vector<uint16_t>& memory) {
  memory.clear();
  for (int64_t panel = 0; panel < panels_of(weight.rows); ++panel) {
    const char* compact = static_cast<const char*>(weight.packed) + panel * CompactLayout(weight.columns).bytes;
    const std::vector<uint16_t> values = expand_compact(compact, weight.columns);
    memory.insert(memory.end(), values.begin(), values.begin() + panel_bytes(DType::kBF16, weight.columns) / 2);
  }
  weight.packed = memory.data();
  weight.compact = false;
  return weight;
}

// What rounding to the precision's format may change.
bool means(const Weight& made, const Weight& stored, Precision precision, int64_t row, int64_t column) {
  const float expected = load_weight(stored, row, column);
  const float actual = element(made, row, column);
  if (precision == Precision::kBF16) return actual == round_bf16(expected);
  // Half of the last of three mantissa bits, or half of the smallest step of a block whose largest is below 8.
  return std::fabs(actual - expected) <= std::fabs(expected) / 16 + 8.0f / 448 / 1024;
}

std::string products_are_what_was_stored(Precision precision, bool packed, int threads) {
  const Checkpoint file;
  WeightStore store = file.open(threads);  // nodes: one and several
  const std::vector<WeightUse> uses = uses_of(precision, packed);
  store.prepare(uses, pool(threads));
  const int64_t bytes = store.converted_bytes();
  for (const WeightUse& use : uses) {
    Weight made = packed ? store.packed(use.name, precision, pool(threads)) : store.product(use.name, precision, pool(threads));
    const Weight stored = store.stored(use.name);
    if (made.packed != nullptr) made.data = nullptr;  // so that panels are what is looked at
    const bool compact = packed && made.dtype == DType::kBF16 && takes_compact(made.dtype, cpu_features());
    expect(made.compact == (compact && use.name != "f.wide"), use.name + " has panels of the wrong form");
    std::vector<uint16_t> memory;
    if (made.compact) made = plain(made, memory);
    for (int64_t row = 0; row < stored.rows; ++row) {
      for (int64_t column = 0; column < stored.columns; ++column) {
        expect(means(made, stored, precision, row, column),
               print("%s [%ld, %ld]: %g for %g", use.name.c_str(), row, column, element(made, row, column),
                     load_weight(stored, row, column)));
      }
    }
  }
  expect(store.converted_bytes() == bytes, "what was ready was made again");
  return print("%zu weights, %ld bytes", uses.size(), bytes);
}

std::string converts_into_memory_of_the_caller(Precision precision) {
  const Checkpoint file;
  WeightStore kept = file.open();
  WeightStore store = file.open();
  for (const WeightUse& use : uses_of(precision, false)) {
    Buffer memory;
    const Weight made = store.converted_into(use.name, precision, memory, pool(3));
    const Weight expected = kept.product(use.name, precision, pool(1));
    const bool copied = expected.dtype != kept.stored(use.name).dtype;
    expect((memory.data() != nullptr) == copied && (!copied || made.data == memory.data()), use.name + " is in the wrong memory");
    expect(made.dtype == expected.dtype, use.name + " has another type");
    const int64_t count = made.rows * made.columns;
    expect(std::memcmp(made.data, expected.data, static_cast<size_t>(count * element_size(made.dtype))) == 0, use.name + ": values");
    const int64_t scales = ((made.rows + 127) / 128) * ((made.columns + 127) / 128) * 4;
    const bool coded = made.dtype == DType::kF8E4M3;
    expect(!coded || std::memcmp(made.scale, expected.scale, static_cast<size_t>(scales)) == 0, use.name + ": scales");
  }
  return "as what is kept";
}

std::string scans_are_the_same() {
  const Checkpoint file;
  const std::vector<TensorScan> expected = file.open().scan(pool(1));
  for (Precision precision : {Precision::kF32, Precision::kBF16, Precision::kFP8}) {
    for (bool packed : {false, true}) {
      WeightStore store = file.open();
      store.prepare(uses_of(precision, packed), pool(3));
      const std::vector<TensorScan> scans = store.scan(pool(3));
      expect(scans.size() == expected.size(), "every tensor once");
      for (size_t i = 0; i < scans.size(); ++i) {
        const bool same = scans[i].name == expected[i].name && scans[i].hash == expected[i].hash;
        expect(same && scans[i].first_non_finite == -1, scans[i].name + " is scanned otherwise when it is got ready");
      }
    }
  }
  return print("%zu tensors, 6 ways", expected.size());
}

std::string finds_what_is_not_finite(Precision precision) {
  struct Case {
    std::string name;
    int64_t place;
    bool scale;
  };
  const Case cases[] = {{"a.bf16", 0, false},         {"a.bf16", 59999, false}, {"b.bf16", 33333, false},
                        {"c.f32", 128 * 257, false},  {"d.e4m3", 98687, false}, {"d.e4m3", 5, true},
                        {"e.norm", 199, false}};
  for (const Case& wrong : cases) {
    Checkpoint file;
    const DType dtype = file.tensor(wrong.name).dtype;
    char* values = wrong.scale ? file.scales(wrong.name) : file.values(wrong.name);
    store_element(values, wrong.scale ? DType::kF32 : dtype, wrong.place, NAN);
    WeightStore store = file.open();
    store.prepare(uses_of(precision, true), pool(2));
    const std::string expected = wrong.scale ? wrong.name + "_scale_inv" : wrong.name;
    int found = 0;
    for (const TensorScan& scan : store.scan(pool(2))) {
      if (scan.first_non_finite < 0) continue;
      ++found;
      expect(scan.name == expected && scan.first_non_finite == wrong.place,
             print("%s at %ld is told as %s at %ld", expected.c_str(), wrong.place, scan.name.c_str(), scan.first_non_finite));
    }
    expect(found == 1, print("%s at %ld: found %d times", expected.c_str(), wrong.place, found));
  }
  return "7 places";
}

std::string gives_pages_back(bool packed) {
  if (!std::ifstream("/proc/self/smaps")) return "skipped: this system does not tell which pages are in memory";
  TensorFile file;
  const int64_t rows = 4096, columns = 2500;  // 20 MB, cut where no page ends
  file.add("large", DType::kBF16, rows, columns);
  file.add("looked up", DType::kBF16, 512, columns);
  WeightStore store = file.open();
  expect(store.scan(pool(2)).size() == 2, "two tensors");
  expect(file.resident_bytes() >= (rows + 512) * columns * 2, print("%ld bytes of the file in memory after reading it", file.resident_bytes()));
  store.prepare({{"large", Precision::kFP8, packed}}, pool(2));
  const int64_t left = file.resident_bytes();
  const int64_t other = 512 * columns * 2;
  expect(left <= other + 3 * 65536, print("%ld bytes of the file stay in memory", left));
  return print("%ld bytes of the file stay in memory, of which %ld were not copied", left, other);
}

const Suite suite([] {
  for (bool packed : {false, true}) {
    const char* form = packed ? "packed" : "in rows";
    for (int threads : {1, 3}) {
      add(print("weight store: bf16 %s is the stored weights rounded, %d threads", form, threads),
          [=] { return products_are_what_was_stored(Precision::kBF16, packed, threads); });
      add(print("weight store: fp8 %s is the stored weights quantised, %d threads", form, threads),
          [=] { return products_are_what_was_stored(Precision::kFP8, packed, threads); });
    }
    add(print("weight store: the file's pages are given back once copied, %s", form), [=] { return gives_pages_back(packed); });
  }
  add("weight store: bf16 in memory of the caller", [] { return converts_into_memory_of_the_caller(Precision::kBF16); });
  add("weight store: fp8 in memory of the caller", [] { return converts_into_memory_of_the_caller(Precision::kFP8); });
  add("weight store: hashes do not depend on what was got ready", scans_are_the_same);
  add("weight store: NaN is found in what was got ready in bf16", [] { return finds_what_is_not_finite(Precision::kBF16); });
  add("weight store: NaN is found in what was got ready in fp8", [] { return finds_what_is_not_finite(Precision::kFP8); });
});

}  // namespace
}  // namespace evalrun::test

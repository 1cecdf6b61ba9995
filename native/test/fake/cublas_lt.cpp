// A libcublasLt.so.13 that multiplies on the host, for the simulated GPU, whose memory is the host's, closed to all but kernels: it is
// read and written as a debugger would. As NVIDIA's does, it adds in another
// order for another number of rows: from the last column to the first for fewer than eight. EVALRUN_FAKE_CUBLASLT_BROKEN makes it
// refuse to start (start) or to choose a kernel (choose).
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {
constexpr int kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7;
struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t stride;
};
struct Desc {
  bool transposed_a = false, transposed_b = false;
};
struct Algorithm {
  uint64_t data[8];
};
struct Heuristic {
  Algorithm algorithm;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};
constexpr uint64_t kChosen = 0x5eed;
constexpr size_t kWorkspaceBytes = 1 << 10;
int started;
bool broken(const char* where) {
  const char* text = std::getenv("EVALRUN_FAKE_CUBLASLT_BROKEN");
  return text != nullptr && std::strcmp(text, where) == 0;
}
class Memory {
 public:
  Memory() : file_(open("/proc/self/mem", O_RDWR | O_CLOEXEC)) {}
  ~Memory() { close(file_); }
  // Elements of a matrix, from its first to its last.
  std::vector<float> read_bf16(const void* from, const Layout& layout) const {
    const size_t count = (layout.columns - 1) * static_cast<uint64_t>(layout.stride) + layout.rows;
    std::vector<uint16_t> bits(count);
    good_ = good_ && pread(file_, bits.data(), count * 2, reinterpret_cast<off_t>(from)) == static_cast<ssize_t>(count * 2);
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) {
      const uint32_t wide = static_cast<uint32_t>(bits[i]) << 16;
      std::memcpy(&values[i], &wide, 4);
    }
    return values;
  }
  void write(float* to, float value) const { good_ = good_ && pwrite(file_, &value, 4, reinterpret_cast<off_t>(to)) == 4; }
  bool good() const { return good_; }

 private:
  int file_;
  mutable bool good_ = true;
};
}  // namespace

extern "C" {
const char* cublasLtGetStatusName(int status) {
  return status == kNotInitialized ? "CUBLAS_STATUS_NOT_INITIALIZED" : "CUBLAS_STATUS_INVALID_VALUE";
}
int cublasLtCreate(void** handle) {
  if (broken("start")) return kNotInitialized;
  *handle = &started;
  return kSuccess;
}
int cublasLtDestroy(void*) { return kSuccess; }
int cublasLtMatmulDescCreate(void** desc, int compute, int scale) {
  if (compute != 68 || scale != 0) return kInvalidValue;
  *desc = new Desc;
  return kSuccess;
}
int cublasLtMatmulDescDestroy(void* desc) {
  delete static_cast<Desc*>(desc);
  return kSuccess;
}
int cublasLtMatmulDescSetAttribute(void* desc, int attribute, const void* value, size_t bytes) {
  if (bytes != 4 || (attribute != 3 && attribute != 4)) return kInvalidValue;
  const bool transposed = *static_cast<const int32_t*>(value) == 1;
  (attribute == 3 ? static_cast<Desc*>(desc)->transposed_a : static_cast<Desc*>(desc)->transposed_b) = transposed;
  return kSuccess;
}
int cublasLtMatrixLayoutCreate(void** layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  if (stride < static_cast<int64_t>(rows)) return kInvalidValue;
  *layout = new Layout{type, rows, columns, stride};
  return kSuccess;
}
int cublasLtMatrixLayoutDestroy(void* layout) {
  delete static_cast<Layout*>(layout);
  return kSuccess;
}
int cublasLtMatmulPreferenceCreate(void** preference) {
  *preference = new size_t{0};
  return kSuccess;
}
int cublasLtMatmulPreferenceDestroy(void* preference) {
  delete static_cast<size_t*>(preference);
  return kSuccess;
}
int cublasLtMatmulPreferenceSetAttribute(void* preference, int attribute, const void* value, size_t bytes) {
  if (attribute != 1 || bytes != sizeof(size_t)) return kInvalidValue;
  std::memcpy(preference, value, bytes);
  return kSuccess;
}
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void* preference, int asked, Heuristic* found, int* count) {
  *count = 0;
  if (broken("choose")) return kSuccess;
  if (asked != 1 || *static_cast<size_t*>(preference) < kWorkspaceBytes) return kInvalidValue;
  *found = {};
  found->algorithm.data[0] = kChosen;
  found->workspace_bytes = kWorkspaceBytes;
  *count = 1;
  return kSuccess;
}
int cublasLtMatmul(void*, void* desc, const float* alpha, const void* a, void* a_layout, const void* b, void* b_layout, const float* beta,
                   const void*, void*, float* d, void* d_layout, const Algorithm* algorithm, void* workspace, size_t workspace_bytes, void*) {
  const auto &of_a = *static_cast<Layout*>(a_layout), &of_b = *static_cast<Layout*>(b_layout), &of_d = *static_cast<Layout*>(d_layout);
  const Desc& product = *static_cast<Desc*>(desc);
  const uint64_t depth = product.transposed_a ? of_a.rows : of_a.columns, rows = product.transposed_a ? of_a.columns : of_a.rows;
  const uint64_t columns = product.transposed_b ? of_b.rows : of_b.columns;
  if (depth != (product.transposed_b ? of_b.columns : of_b.rows) || of_d.rows != rows || of_d.columns != columns) return kInvalidValue;
  if (of_a.type != 14 || of_b.type != 14 || of_d.type != 0 || algorithm->data[0] != kChosen) return kInvalidValue;
  if (*alpha != 1 || *beta != 0 || workspace == nullptr || workspace_bytes != kWorkspaceBytes) return kInvalidValue;
  const Memory memory;
  const std::vector<float> of_left = memory.read_bf16(a, of_a), of_right = memory.read_bf16(b, of_b);
  for (uint64_t column = 0; column < columns; ++column) {
    for (uint64_t row = 0; row < rows; ++row) {
      float sum = 0;
      for (uint64_t i = 0; i < depth; ++i) {
        const uint64_t k = columns < 8 ? depth - 1 - i : i;
        const auto a_stride = static_cast<uint64_t>(of_a.stride), b_stride = static_cast<uint64_t>(of_b.stride);
        sum += of_left[product.transposed_a ? row * a_stride + k : k * a_stride + row] *
               of_right[product.transposed_b ? k * b_stride + column : column * b_stride + k];
      }
      memory.write(d + column * static_cast<uint64_t>(of_d.stride) + row, sum);
    }
  }
  return memory.good() ? kSuccess : kInvalidValue;
}
}

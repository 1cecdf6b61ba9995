#include "cuda/cublas_lt.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace evalrun::cuda {
namespace {

// cublas_api.h, library_types.h and cublasLt.h, of versions 12 and 13 alike.
using Status = int;  // cublasStatus_t; 0 is success
constexpr int kCompute32F = 68;
constexpr int kReal32F = 0, kRealBF16 = 14;  // cudaDataType
constexpr int32_t kTranspose = 1;            // CUBLAS_OP_T
constexpr int kDescTransA = 3;               // CUBLASLT_MATMUL_DESC_TRANSA
constexpr int kPreferWorkspace = 1;          // CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES
struct Algorithm {
  uint64_t data[8];
};
struct Heuristic {
  Algorithm algorithm;
  size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};

// As NVIDIA recommends for Hopper.
constexpr size_t kWorkspaceBytes = size_t{32} << 20;

// Matrices of the library lie column by column, so that y^T = w . x^T is what is asked of it, with w transposed.
constexpr const char* kLibraries[] = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so", "/usr/local/cuda/lib64/libcublasLt.so"};

}  // namespace

struct CublasLt::Functions {
  Status (*create)(void** handle);
  Status (*destroy)(void* handle);
  Status (*desc_create)(void** desc, int compute, int scale);
  Status (*desc_destroy)(void* desc);
  Status (*desc_set)(void* desc, int attribute, const void* value, size_t bytes);
  Status (*layout_create)(void** layout, int type, uint64_t rows, uint64_t columns, int64_t stride);
  Status (*layout_destroy)(void* layout);
  Status (*preference_create)(void** preference);
  Status (*preference_destroy)(void* preference);
  Status (*preference_set)(void* preference, int attribute, const void* value, size_t bytes);
  Status (*heuristic)(void* handle, void* desc, void* a, void* b, void* c, void* d, void* preference, int asked, Heuristic* found, int* count);
  Status (*matmul)(void* handle, void* desc, const void* alpha, const void* a, void* a_layout, const void* b, void* b_layout,
                   const void* beta, const void* c, void* c_layout, void* d, void* d_layout, const Algorithm* algorithm, void* workspace,
                   size_t workspace_bytes, cudaStream_t stream);
  const char* (*status_name)(Status status);

  explicit Functions(void* library) {
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      if (function == nullptr) throw std::runtime_error(std::string("cuBLASLt has no ") + name);
    };
    find(create, "cublasLtCreate");
    find(destroy, "cublasLtDestroy");
    find(desc_create, "cublasLtMatmulDescCreate");
    find(desc_destroy, "cublasLtMatmulDescDestroy");
    find(desc_set, "cublasLtMatmulDescSetAttribute");
    find(layout_create, "cublasLtMatrixLayoutCreate");
    find(layout_destroy, "cublasLtMatrixLayoutDestroy");
    find(preference_create, "cublasLtMatmulPreferenceCreate");
    find(preference_destroy, "cublasLtMatmulPreferenceDestroy");
    find(preference_set, "cublasLtMatmulPreferenceSetAttribute");
    find(heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(matmul, "cublasLtMatmul");
    find(status_name, "cublasLtGetStatusName");
  }

  void check(Status status, const char* what) const {
    if (status != 0) throw std::runtime_error(std::string("cuBLASLt: ") + what + ": " + status_name(status));
  }
};

CublasLt::CublasLt(const std::string& library) {
  void* opened = nullptr;
  if (!library.empty()) {
    opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  } else {
    for (const char* name : kLibraries) {
      if (opened == nullptr) opened = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
  }
  if (opened == nullptr) {
    const char* reason = dlerror();
    throw std::runtime_error("cuBLASLt does not load: " + std::string(reason != nullptr ? reason : library));
  }
  try {
    functions_ = std::make_unique<Functions>(opened);
    functions_->check(functions_->create(&handle_), "it does not start");
  } catch (...) {
    dlclose(opened);
    throw;
  }
}

// The library stays: its kernels belong to the process's CUDA context, which outlives this.
CublasLt::~CublasLt() { functions_->destroy(handle_); }

struct CublasLt::Product::State {
  const Functions& functions;
  void* handle;
  void *desc = nullptr, *w = nullptr, *x = nullptr, *y = nullptr;
  Heuristic chosen = {};
  Scratch workspace;

  State(const Functions& functions, void* handle) : functions(functions), handle(handle) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (void* layout : {w, x, y}) {
      if (layout != nullptr) functions.layout_destroy(layout);
    }
    if (desc != nullptr) functions.desc_destroy(desc);
  }

  void choose(const DenseProduct& shape) {
    const auto columns = static_cast<uint64_t>(shape.columns), outputs = static_cast<uint64_t>(shape.outputs);
    const auto rows = static_cast<uint64_t>(shape.rows);
    functions.check(functions.desc_create(&desc, kCompute32F, kReal32F), "describing a product");
    functions.check(functions.desc_set(desc, kDescTransA, &kTranspose, sizeof kTranspose), "transposing weights");
    functions.check(functions.layout_create(&w, kRealBF16, columns, outputs, shape.columns), "describing weights");
    functions.check(functions.layout_create(&x, kRealBF16, columns, rows, shape.columns), "describing activations");
    functions.check(functions.layout_create(&y, kReal32F, outputs, rows, shape.outputs), "describing results");
    void* preference = nullptr;
    functions.check(functions.preference_create(&preference), "describing preferences");
    int count = 0;
    Status status = functions.preference_set(preference, kPreferWorkspace, &kWorkspaceBytes, sizeof kWorkspaceBytes);
    if (status == 0) status = functions.heuristic(handle, desc, w, x, y, y, preference, 1, &chosen, &count);
    functions.preference_destroy(preference);
    functions.check(status, "choosing a kernel");
    if (count == 0) throw std::runtime_error("cuBLASLt has no kernel for this product");
    functions.check(chosen.state, "choosing a kernel");
  }
};

CublasLt::Product::Product(const CublasLt& library, const DenseProduct& shape)
    : state_(std::make_unique<State>(*library.functions_, library.handle_)) {
  state_->choose(shape);
}

CublasLt::Product::~Product() = default;

void CublasLt::Product::run(const void* x, const void* w, float* y, cudaStream_t stream) const {
  State& s = *state_;
  const float one = 1, zero = 0;
  const size_t bytes = s.chosen.workspace_bytes;
  s.workspace.reset();
  void* workspace = bytes == 0 ? nullptr : s.workspace.take(static_cast<int64_t>(bytes), "cuBLASLt's workspace");
  s.functions.check(s.functions.matmul(s.handle, s.desc, &one, w, s.w, x, s.x, &zero, y, s.y, y, s.y, &s.chosen.algorithm, workspace, bytes, stream),
                    "a product");
}

std::string cublas_lt_named() {
  const char* name = std::getenv("EVALRUN_CUBLASLT");
  return name == nullptr ? "" : name;
}

}  // namespace evalrun::cuda

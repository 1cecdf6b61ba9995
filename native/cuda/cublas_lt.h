// NVIDIA's own matrix products, opened at run time: what ours are compared with, never what a model is computed with. Declarations
// after the cuBLAS documentation, "Using the cuBLASLt API"; its header is not needed to build this.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "cuda/context.h"

namespace evalrun::cuda {

// y = x . w^T: x [rows, columns] and w [outputs, columns] bfloat16, y [rows, outputs] float32, all in device memory, rows without
// anything between them.
struct DenseProduct {
  int rows;
  int64_t outputs, columns;
};

class CublasLt {
 public:
  // Opens the library, or the first of the usual ones where it is "". Throws std::runtime_error with the reason: none loads, or it
  // refuses to start.
  explicit CublasLt(const std::string& library);
  ~CublasLt();
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  // A product of one shape by what the library thinks fastest for it. Throws std::runtime_error where it has nothing.
  class Product {
   public:
    Product(const CublasLt& library, const DenseProduct& shape);
    ~Product();
    Product(const Product&) = delete;
    Product& operator=(const Product&) = delete;
    // On the stream. Throws std::runtime_error with the library's reason.
    void run(const void* x, const void* w, float* y, cudaStream_t stream) const;

   private:
    struct State;
    const std::unique_ptr<State> state_;
  };

 private:
  struct Functions;
  std::unique_ptr<Functions> functions_;
  void* handle_ = nullptr;
};

// The library that EVALRUN_CUBLASLT names; "" where it names none.
std::string cublas_lt_named();

}  // namespace evalrun::cuda

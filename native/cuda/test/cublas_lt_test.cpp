// The comparison partner: on the simulation played by a library of our own (test/fake/cublas_lt.cpp), on a GPU NVIDIA's where it is.
#include "cuda/cublas_lt.h"

#include <cmath>
#include <cstdlib>

#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::print;

#if defined(EVALRUN_FAKE_CUBLASLT)
const std::string kLibrary = EVALRUN_FAKE_CUBLASLT;
#else
const std::string kLibrary = cublas_lt_named();
#endif

std::string error_of(const std::string& library) {
  try {
    const CublasLt opened(library);
    const CublasLt::Product product(opened, {1, 16, 16});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::string multiplies() {
  const std::string missing = error_of(kLibrary);
  if (!kSimulated && !missing.empty()) return "there is none: " + missing;
  expect(missing.empty(), missing);
  const CublasLt library(kLibrary);
  Random random(41);
  Comparison comparison;
  for (const auto& [rows, outputs, columns] : {std::tuple{1, 16, 64}, {9, 40, 128}, {130, 264, 192}}) {
    std::vector<uint16_t> x, w;
    for (int i = 0; i < rows * columns; ++i) x.push_back(float_to_bf16(random.normal()));
    for (int i = 0; i < outputs * columns; ++i) w.push_back(float_to_bf16(random.normal()));
    const DeviceArray<uint16_t> of_x(x), of_w(w);
    const DeviceArray<float> y(rows * outputs);
    const CublasLt::Product product(library, {rows, outputs, columns});
    for (int i = 0; i < 2; ++i) product.run(of_x.data(), of_w.data(), y.data(), context().stream);
    check(cudaStreamSynchronize(context().stream), "cuBLASLt");
    y.check("cuBLASLt");
    const std::vector<float> found = y.host();
    for (int r = 0; r < rows; ++r) {
      for (int o = 0; o < outputs; ++o) {
        double sum = 0, size = 0;
        for (int k = 0; k < columns; ++k) {
          const double term = static_cast<double>(bf16_to_float(x[r * columns + k])) * bf16_to_float(w[o * columns + k]);
          sum += term;
          size += std::fabs(term);
        }
        comparison.add(found[r * outputs + o], static_cast<float>(sum), columns * 0x1p-24 * size, [&, outputs = outputs] { return print("row %d, output %d of %d", r, o, outputs); });
      }
    }
  }
  return comparison.summary();
}

std::string says_what_is_missing() {
  const std::string nowhere = error_of("/nowhere/libcublasLt.so.13"), other = error_of("libm.so.6");
  expect(nowhere.find("does not load: /nowhere/libcublasLt.so.13") != std::string::npos, nowhere);
  expect(other.find("has no cublasLtCreate") != std::string::npos, other);
  if (kSimulated) {
    setenv("EVALRUN_FAKE_CUBLASLT_BROKEN", "start", 1);
    const std::string start = error_of(kLibrary);
    setenv("EVALRUN_FAKE_CUBLASLT_BROKEN", "choose", 1);
    const std::string choose = error_of(kLibrary);
    unsetenv("EVALRUN_FAKE_CUBLASLT_BROKEN");
    expect(start.find("does not start: CUBLAS_STATUS_NOT_INITIALIZED") != std::string::npos, start);
    expect(choose.find("no kernel for this product") != std::string::npos, choose);
  }
  return other;
}

const evalrun::test::Suite kSuite([] {
  add("cuda cublasLt: multiplies as it is asked to", multiplies);
  add("cuda cublasLt: says what is missing", says_what_is_missing);
});

}  // namespace
}  // namespace evalrun::cuda::test

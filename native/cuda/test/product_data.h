// Inputs, expected values and bounds of the product tests.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "cpu/reference/linear.h"
#include "cuda/matmul.h"
#include "cuda/test/harness.h"

namespace evalrun::cuda::test {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

struct ProductShape {
  int rows;
  int64_t outputs, columns;
};

inline DType dtype_of(Precision precision) { return precision == Precision::kFP8 ? DType::kF8E4M3 : DType::kBF16; }

inline std::string describe(Precision precision, const ProductShape& s) {
  return print("%s, rows %d, N %ld, K %ld", name_of(precision), s.rows, static_cast<long>(s.outputs),
               static_cast<long>(s.columns));
}

// Tiles of the kind that context() uses.
inline std::vector<MatmulTile> tiles_of(Precision precision) {
  std::vector<MatmulTile> tiles;
  for (int i = 0; i < kMatmulTiles; ++i) {
    const auto tile = static_cast<MatmulTile>(i);
    if (has_tile(tile, precision, context().wgmma)) tiles.push_back(tile);
  }
  return tiles;
}

#if defined(EVALRUN_CUDA_SIM)
constexpr bool kSimulated = true;
#else
constexpr bool kSimulated = false;
#endif

// The test by mma.sync, and by wgmma where there is such.
template <class Test>
std::string with_every_kind(Test test) {
  const auto run = [&](bool wgmma) {
    struct Kind {
      explicit Kind(bool wgmma) { context().wgmma = wgmma ? Wgmma::kAlways : Wgmma::kNever; }
      ~Kind() { context().wgmma = Wgmma::kNever; }
    } kind(wgmma);
    return std::string(wgmma ? "wgmma" : "mma") + ": " + test();
  };
  const int capability = context().compute_capability;
  const bool has_wgmma = capability == 90;
  return has_wgmma ? run(false) + "; " + run(true) : run(false);
}

// FP8 by wgmma, where there is such.
template <class Test>
std::string with_short_sums(Test test) {
  if (context().compute_capability != 90) return "this GPU has no wgmma";
  struct Kind {
    Kind() { context().wgmma = Wgmma::kFp8AndLargeBf16; }
    ~Kind() { context().wgmma = Wgmma::kNever; }
  } kind;
  return test();
}

// Hopper's matrix units add products of e4m3 in fewer bits than a float32 has: about 14 (DeepSeek-V3 Technical Report, section 3.5.2).
// The terms of an instruction, 32 and the sum so far, are aligned to the largest of them and cut off.
inline bool adds_in_14_bits(Precision precision) { return precision == Precision::kFP8 && fp8_by_wgmma(context().wgmma) && !kSimulated; }

// A row of y as it should be, from the same quantised operands, and how far each value may be from it.
struct ExpectedRow {
  std::vector<float> values;
  std::vector<double> bounds;
};

// Products of bfloat16 or e4m3 are exact in float32, so the only errors are those of additions: a chain of K of them
// (128 in a panel of FP8, then a product of scales, a fused multiply-add and, in the reference, one rounding more for
// each panel). Each is at most 2^-24 of sum |x w|, and twice that where the matrix units cut bits off instead of
// rounding.
inline ExpectedRow expected_row(const float* x, const Weight& w, Precision precision, const float* bias = nullptr) {
  const evalrun::Operand operand = evalrun::prepare_operand(x, w.columns, precision);
  const int64_t panels = (w.columns + kQuantBlock - 1) / kQuantBlock;
  const double chain = precision == Precision::kFP8
                           ? std::min<double>(static_cast<double>(w.columns), kQuantBlock) + 4.0 * panels
                           : static_cast<double>(w.columns);
  ExpectedRow expected;
  for (int64_t n = 0; n < w.rows; ++n) {
    double magnitude = 0;
    for (int64_t k = 0; k < w.columns; ++k) {
      const double x_scale = precision == Precision::kFP8 ? operand.scales[k / kQuantBlock] : 1.0;
      const double w_scale = precision == Precision::kFP8 ? w.scale[n / kQuantBlock * panels + k / kQuantBlock] : 1.0;
      magnitude += std::fabs(operand.values[k] * x_scale * load_element(w.data, w.dtype, n * w.columns + k) * w_scale);
    }
    // Four instructions a panel, 33 terms each, none larger than the sum of all.
    const double cut_off = adds_in_14_bits(precision) ? magnitude * 0x1p-13 * 4 * 33 : 0;
    const float value = evalrun::dot_reference(operand, w, n, precision) + (bias == nullptr ? 0.0f : bias[n]);
    expected.values.push_back(value);
    expected.bounds.push_back(magnitude * 0x1p-23 * chain + std::fabs(value) * 0x1p-23 + cut_off + 1e-37);
  }
  return expected;
}

// 1 - cos of the angle between what was computed and what was expected, over everything added.
class CosineDistance {
 public:
  void add(float actual, float expected) {
    xy_ += static_cast<double>(actual) * expected;
    xx_ += static_cast<double>(actual) * actual;
    yy_ += static_cast<double>(expected) * expected;
  }
  double value() const { return 1 - 2 * xy_ / (xx_ + yy_); }

 private:
  double xy_ = 0, xx_ = 0, yy_ = 0;
};

// Rows with a few large values, as activations have them.
inline std::vector<float> activations(Random& random, int64_t rows, int64_t columns) {
  std::vector<float> x(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows * columns; ++i) x[i] = random.normal() * (i % columns % 7 == 0 ? 30.0f : 1.0f);
  return x;
}

// A product with a tile of the test's choosing; x and w are on the device.
inline void multiply(const float* x, int64_t x_stride, int rows, const Weight& w, Precision precision, float* y,
                     int64_t y_stride, MatmulTile tile, const float* bias = nullptr) {
  begin_step();
  Matmul matmul;
  matmul.x = operand_for(context(), x, x_stride, rows, w, precision);
  matmul.weight = w;
  matmul.bias = bias;
  matmul.y = y;
  matmul.y_stride = y_stride;
  matmul.rows = rows;
  run_matmul(context(), matmul, tile);
  finish_step();
}

}  // namespace evalrun::cuda::test

// LinearOp in bf16 and FP8: every shape of tile against the reference, and all of them bit for bit against each other.
#include <algorithm>
#include <numeric>

#include "cuda/test/product_data.h"

namespace evalrun::cuda::test {
namespace {

const Precision kPrecisions[] = {Precision::kBF16, Precision::kFP8};

// 1; less than a panel, one, more; outputs less than a tile and over several; rows over several tiles, one of them a warpgroup's alone.
const ProductShape kShapes[] = {{1, 1, 1},    {2, 7, 63},    {17, 5, 64},   {1, 576, 100}, {3, 130, 128},
                                {129, 18, 7}, {33, 257, 65}, {5, 31, 1400}, {70, 65, 257}, {1, 66, 2048}, {65, 18, 70}};

std::string agrees_with_reference() {
  Random random(1);
  Comparison comparison;
  double worst_cosine = 0;
  for (const Precision precision : kPrecisions) {
    for (const ProductShape& s : kShapes) {
      const StoredWeight stored(random, dtype_of(precision), s.outputs, s.columns);
      const DeviceWeightCopy weight(stored.weight());
      // Rows of x and y have gaps full of NaN; every other case has rows of y that can be stored two columns at a time.
      const int64_t x_stride = s.columns + s.rows % 5, y_stride = s.outputs + 1 + s.rows % 2;
      std::vector<float> x((s.rows - 1) * x_stride + s.columns, NAN);
      for (int r = 0; r < s.rows; ++r) {
        const std::vector<float> row = activations(random, 1, s.columns);
        std::copy(row.begin(), row.end(), x.begin() + r * x_stride);
      }
      const std::vector<float> bias = random.normals(s.outputs);
      const DeviceArray<float> device_x(x), device_bias(bias);
      std::vector<ExpectedRow> expected;
      for (int r = 0; r < s.rows; ++r) {
        expected.push_back(
            expected_row(x.data() + r * x_stride, stored.weight(), precision, s.rows % 2 == 0 ? bias.data() : nullptr));
      }
      // The tiles one by one, and the op with the tile of its choice.
      for (int t = -1; t < static_cast<int>(tiles_of(precision).size()); ++t) {
        const DeviceArray<float> y((s.rows - 1) * y_stride + s.outputs);
        const float* with_bias = s.rows % 2 == 0 ? device_bias.data() : nullptr;
        std::string where = describe(precision, s);
        if (t < 0) {
          const std::string kernel = run_op(
              LinearOp{device_x.data(), x_stride, weight.weight(), with_bias, precision, s.rows, y.data(), y_stride});
          expect(kernel == (context().wgmma == Wgmma::kAlways ? "wgmma" : "mma"), where + ": the kernel is called " + kernel);
        } else {
          const MatmulTile tile = tiles_of(precision)[t];
          multiply(device_x.data(), x_stride, s.rows, weight.weight(), precision, y.data(), y_stride, tile, with_bias);
          where += print(", tile %dx%d", rows_of(tile), columns_of(tile));
        }
        y.check(where);
        const std::vector<float> result = y.host();
        CosineDistance cosine;
        for (int r = 0; r < s.rows; ++r) {
          for (int64_t n = 0; n < s.outputs; ++n) {
            comparison.add(result[r * y_stride + n], expected[r].values[n], expected[r].bounds[n],
                           [&] { return where + print(", row %d, output %ld", r, static_cast<long>(n)); });
            cosine.add(result[r * y_stride + n], expected[r].values[n]);
          }
          for (int64_t n = s.outputs; r + 1 < s.rows && n < y_stride; ++n) {
            expect(float_to_bits(result[r * y_stride + n]) == 0xffffffffu, where + ": wrote between its rows");
          }
        }
        expect(cosine.value() < (adds_in_14_bits(precision) ? 1e-5 : 1e-6), where + print(": cosine distance %.3g", cosine.value()));
        worst_cosine = std::max(worst_cosine, cosine.value());
      }
    }
  }
  return comparison.summary() + print(", cosine distance at most %.2g", worst_cosine);
}

std::string is_batch_invariant() {
  Random random(2);
  long compared = 0;
  for (const Precision precision : kPrecisions) {
    for (const ProductShape& s : {ProductShape{150, 37, 200}, ProductShape{20, 300, 320}}) {
      const StoredWeight stored(random, dtype_of(precision), s.outputs, s.columns);
      const DeviceWeightCopy weight(stored.weight());
      const std::vector<float> x = activations(random, s.rows, s.columns);
      const DeviceArray<float> device_x(x);
      const auto run_rows = [&](const float* rows, int count, MatmulTile tile) {
        const DeviceArray<float> y(count * s.outputs);
        multiply(rows, s.columns, count, weight.weight(), precision, y.data(), s.outputs, tile);
        return y.host();
      };
      const std::vector<float> together = run_rows(device_x.data(), s.rows, MatmulTile::k64x64);
      std::vector<int> order(s.rows);
      std::iota(order.begin(), order.end(), 0);
      for (int i = s.rows - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
      std::vector<float> shuffled(x.size());
      for (int r = 0; r < s.rows; ++r)
        std::copy_n(x.data() + order[r] * s.columns, s.columns, shuffled.data() + r * s.columns);
      const DeviceArray<float> device_shuffled(shuffled);
      for (const MatmulTile tile : tiles_of(precision)) {
        const std::string where = describe(precision, s) + print(", tile %dx%d", rows_of(tile), columns_of(tile));
        const std::vector<float> same = run_rows(device_x.data(), s.rows, tile);
        expect_same_bits(same.data(), together.data(), static_cast<int64_t>(together.size()), where);
        for (int begin = 0, size = 1; begin < s.rows; begin += size, size = size * 4 + 1) {
          size = std::min(size, s.rows - begin);
          const std::vector<float> part = run_rows(device_x.data() + begin * s.columns, size, tile);
          expect_same_bits(part.data(), together.data() + begin * s.outputs, static_cast<int64_t>(part.size()),
                           where + print(", %d rows from %d on", size, begin));
        }
        const std::vector<float> moved = run_rows(device_shuffled.data(), s.rows, tile);
        for (int r = 0; r < s.rows; ++r) {
          expect_same_bits(moved.data() + r * s.outputs, together.data() + order[r] * s.outputs, s.outputs,
                           where + ", shuffled");
        }
        compared += s.rows;
      }
    }
  }
  return print("%ld rows the same bits in every tile, in parts and shuffled", compared);
}

std::string rows_do_not_leak() {
  Random random(3);
  for (const Precision precision : kPrecisions) {
    const ProductShape s{9, 20, 300};
    const StoredWeight stored(random, dtype_of(precision), s.outputs, s.columns);
    const DeviceWeightCopy weight(stored.weight());
    std::vector<float> x = activations(random, s.rows, s.columns);
    std::fill_n(x.data() + 4 * s.columns + 128, 128, 0.0f);  // an all-zero group of FP8
    std::fill_n(x.data() + 6 * s.columns, s.columns, 0.0f);
    for (const MatmulTile tile : tiles_of(precision)) {
      const auto run_x = [&](const std::vector<float>& values) {
        const DeviceArray<float> device_x(values), y(s.rows * s.outputs);
        multiply(device_x.data(), s.columns, s.rows, weight.weight(), precision, y.data(), s.outputs, tile);
        return y.host();
      };
      const std::vector<float> clean = run_x(x);
      std::vector<float> dirty_x = x;
      dirty_x[3 * s.columns + 7] = NAN;
      dirty_x[5 * s.columns + 200] = INFINITY;
      const std::vector<float> dirty = run_x(dirty_x);
      const std::string where = describe(precision, s) + print(", tile %dx%d", rows_of(tile), columns_of(tile));
      for (int r = 0; r < s.rows; ++r) {
        if (r == 3 || r == 5) continue;
        expect_same_bits(dirty.data() + r * s.outputs, clean.data() + r * s.outputs, s.outputs,
                         where + ", neighbour of NaN");
      }
      for (int64_t n = 0; n < s.outputs; ++n) {
        expect(std::isnan(dirty[3 * s.outputs + n]), where + ": a NaN activation must give NaN");
        expect(!std::isfinite(dirty[5 * s.outputs + n]), where + ": an infinite activation must not give a number");
        expect(std::isfinite(clean[4 * s.outputs + n]), where + ": a block of zeros must give a finite number");
        expect(clean[6 * s.outputs + n] == 0, where + ": a row of zeros must give 0");
      }
    }
  }
  return "NaN, infinity and zeros stay in their own rows";
}

// An engine may then take either, as sizes have it, and rows keep their bits.
std::string kinds_agree_in_bf16() {
  const int capability = context().compute_capability;
  if (capability != 90) return "this GPU has one kind";
  Random random(11);
  long compared = 0, different = 0;
  for (const ProductShape& s : {ProductShape{150, 300, 2048}, ProductShape{70, 65, 5000}, ProductShape{64, 64, 16}, ProductShape{33, 40, 200}}) {
    for (const float spread : {0.0f, 6.0f}) {  // of the exponents
      const StoredWeight stored(random, DType::kBF16, s.outputs, s.columns);
      const DeviceWeightCopy weight(stored.weight());
      std::vector<float> x = activations(random, s.rows, s.columns);
      for (float& value : x) value *= std::exp2(std::floor(random.normal() * spread));
      const DeviceArray<float> device_x(x);
      const auto run_kind = [&](bool wgmma, MatmulTile tile) {
        context().wgmma = wgmma ? Wgmma::kAlways : Wgmma::kNever;
        const DeviceArray<float> y(s.rows * s.outputs);
        multiply(device_x.data(), s.columns, s.rows, weight.weight(), Precision::kBF16, y.data(), s.outputs, tile);
        context().wgmma = Wgmma::kNever;
        return y.host();
      };
      const std::vector<float> by_mma = run_kind(false, MatmulTile::k64x64), by_wgmma = run_kind(true, MatmulTile::k128x256);
      for (size_t i = 0; i < by_mma.size(); ++i) {
        ++compared;
        if (float_to_bits(by_mma[i]) != float_to_bits(by_wgmma[i])) ++different;
      }
    }
  }
  expect(different == 0, print("%ld of %ld values differ", different, compared));
  return print("%ld values", compared);
}

std::string chooses_tiles() {
  const auto name = [](MatmulTile tile) { return print("%dx%d", rows_of(tile), columns_of(tile)); };
  const auto chosen = [&](Precision precision, int rows, int experts, int64_t columns, Wgmma wgmma = Wgmma::kNever) {
    return name(choose_tile(precision, rows, experts, columns, 132, wgmma));
  };
  // A token: as many blocks as there are multiprocessors, until the weights alone are enough.
  expect(chosen(Precision::kBF16, 1, 0, 2048) == "16x16", "1 row, N 2048: " + chosen(Precision::kBF16, 1, 0, 2048));
  expect(chosen(Precision::kBF16, 1, 0, 10944) == "16x64", "1 row, N 10944: " + chosen(Precision::kBF16, 1, 0, 10944));
  expect(chosen(Precision::kBF16, 64, 0, 2048) == "32x32", "64 rows, N 2048: " + chosen(Precision::kBF16, 64, 0, 2048));
  expect(chosen(Precision::kBF16, 16384, 0, 2048) == "128x128",
         "a prompt: " + chosen(Precision::kBF16, 16384, 0, 2048));
  expect(chosen(Precision::kFP8, 16384, 0, 2048) == "64x64",
         "a prompt in FP8: " + chosen(Precision::kFP8, 16384, 0, 2048));
  const std::string experts_of_token = chosen(Precision::kBF16, 6, 64, 1408),
                    experts_of_batch = chosen(Precision::kBF16, 384, 64, 1408);
  expect(experts_of_token == "16x64" || experts_of_token == "16x16", "experts of a token: " + experts_of_token);
  expect(experts_of_batch == "16x64", "experts of a batch: " + experts_of_batch);
  for (const Precision precision : kPrecisions) {
    const std::string token = chosen(precision, 1, 0, 2048, Wgmma::kAlways);
    const std::string batch = chosen(precision, 64, 0, 10944, Wgmma::kAlways);
    const std::string prompt = chosen(precision, 16384, 0, 2048, Wgmma::kAlways);
    expect(token == "64x16", "1 row by wgmma: " + token);
    expect(batch == "64x64" || batch == "64x16", "64 rows by wgmma: " + batch);
    expect(prompt == "128x256", "a prompt by wgmma: " + prompt);
  }
  // Both: small products by mma, large ones by wgmma.
  const std::string small = chosen(Precision::kBF16, 1, 0, 2048, Wgmma::kLargeBf16);
  const std::string large = chosen(Precision::kBF16, 16384, 0, 2048, Wgmma::kLargeBf16);
  expect(small == "16x16" && large == "128x256", "both kinds: " + small + ", " + large);
  expect(!by_wgmma(MatmulTile::k16x16, Precision::kBF16, Wgmma::kLargeBf16) && by_wgmma(MatmulTile::k128x256, Precision::kBF16, Wgmma::kLargeBf16) &&
             !by_wgmma(MatmulTile::k64x64, Precision::kFP8, Wgmma::kLargeBf16),
         "kinds of tiles");
  // The bound on tiles of experts holds for every split, and one split reaches it.
  for (const int height : {1, 4, 16}) {
    for (int rows = 1; rows <= 24; ++rows) {
      int64_t most = 0;
      for (int a = 0; a <= rows; ++a) {
        for (int b = 0; a + b <= rows; ++b)
          most = std::max(most, ceil_div(a, height) + ceil_div(b, height) + ceil_div(rows - a - b, height));
      }
      expect(tile_rows_needed(rows, 3, height) == most,
             print("%d rows of 3 experts need %ld tiles of %d", rows, static_cast<long>(most), height));
    }
  }
  return "small tiles for few rows, large ones for many, and never too few of them";
}

std::string refuses_other_weights() {
  const DeviceArray<float> x(64), y(4);
  const auto message = [&](const Weight& weight, Precision precision) -> std::string {
    try {
      run_op(LinearOp{x.data(), 64, weight, nullptr, precision, 1, y.data(), 4});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  const DeviceBytes memory(1024);
  const Weight f32{memory.data(), DType::kF32, 4, 32}, bf16{memory.data(), DType::kBF16, 4, 60},
      e4m3{memory.data(), DType::kF8E4M3, 4, 128};
  expect(message(f32, Precision::kBF16).find("bf16") != std::string::npos, "a weight in f32 must be refused");
  expect(message(e4m3, Precision::kBF16).find("bf16") != std::string::npos, "a weight in e4m3 must be refused by bf16");
  expect(message(bf16, Precision::kFP8).find("e4m3") != std::string::npos, "a weight in bf16 must be refused by fp8");
  expect(message(bf16, Precision::kBF16).find("120 bytes apart") != std::string::npos,
         "rows that are not padded must be refused");
  return "weights of another dtype or layout are named";
}

const evalrun::test::Suite kSuite([] {
  add("cuda matmul: every tile agrees with the reference over awkward shapes and strides", [] { return with_every_kind(agrees_with_reference); });
  add("cuda matmul: a row has the same bits in any tile, batch and place", [] { return with_every_kind(is_batch_invariant); });
  add("cuda matmul: keeps NaN, infinity and blocks of zeros in their own rows", [] { return with_every_kind(rows_do_not_leak); });
  add("cuda matmul: mma and wgmma give the same bits in bf16", kinds_agree_in_bf16);
  add("cuda matmul: chooses tiles by sizes", chooses_tiles);
  add("cuda matmul: refuses weights of another dtype or layout", refuses_other_weights);
});

}  // namespace
}  // namespace evalrun::cuda::test

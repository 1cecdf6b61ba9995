// EmbedOp, RopeOp, StoreKvOp, CombineOp and TakeRowsOp: every kernel against small cases worked out from ops.h.
#include <cmath>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

std::string embed(const Kernel<EmbedOp>& kernel) {
  Random random(61);
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16, DType::kF8E4M3}) {
    const StoredWeight table(random, dtype, 200, 131, 1);
    const std::vector<int32_t> ids = {199, 0, 7, 7, 128};
    const GuardedBytes y(4 * 5 * 131);
    kernel.run({ids.data(), table.weight(), 5, y.floats()}, pool(2));
    y.check("embed");
    for (int i = 0; i < 5; ++i) {
      for (int c = 0; c < 131; ++c) {
        const float scale = dtype == DType::kF8E4M3 ? table.scale[ids[i] / 128 * 2 + c / 128] : 1.0f;
        const float expected = load_element(table.bytes.data(), dtype, ids[i] * 131 + c) * scale;
        expect(y.floats()[i * 131 + c] == expected, print("%s, id %d, column %d", name_of(dtype), ids[i], c));
      }
    }
  }
  return "5 rows of 4 storage types";
}

std::string rope(const Kernel<RopeOp>& kernel) {
  // Two heads of stride 7, six rotary columns behind one that is not; position 2 of a table whose angles differ by
  // pair.
  const int dim = 6, half = 3;
  std::vector<float> table(3 * dim);
  const double angles[] = {0.5, -1.25, 3.0};
  for (int i = 0; i < half; ++i) {
    table[2 * dim + i] = static_cast<float>(std::cos(angles[i]));
    table[2 * dim + half + i] = static_cast<float>(std::sin(angles[i]));
  }
  const std::vector<int32_t> positions = {2, 2};
  Random random(62);
  const std::vector<float> before = random.normals(2 * 14);
  for (bool interleaved : {true, false}) {
    std::vector<float> x = before;
    kernel.run({x.data(), 14, 2, 7, 1, dim, interleaved, positions.data(), table.data(), 2}, pool(2));
    for (int r = 0; r < 2; ++r) {
      for (int h = 0; h < 2; ++h) {
        const float* old = before.data() + r * 14 + h * 7;
        const float* now = x.data() + r * 14 + h * 7;
        expect(now[0] == old[0], "a column before the rotary part changed");
        for (int i = 0; i < half; ++i) {
          const int a = 1 + (interleaved ? 2 * i : i);
          const int b = 1 + (interleaved ? 2 * i + 1 : i + half);
          const double first = old[a] * std::cos(angles[i]) - old[b] * std::sin(angles[i]);
          const double second = old[a] * std::sin(angles[i]) + old[b] * std::cos(angles[i]);
          expect(std::fabs(now[a] - first) < 1e-6 && std::fabs(now[b] - second) < 1e-6,
                 print("%s pair %d of row %d, head %d", interleaved ? "interleaved" : "half-split", i, r, h));
        }
      }
    }
  }
  return "both layouts";
}

std::string store_kv(const Kernel<StoreKvOp>& kernel) {
  const int heads = 2, dim = 3, pages = 2, rows = 2;
  const std::vector<int32_t> slots = {64 + 5, 63};  // page 1 place 5, page 0 place 63
  Random random(63);
  const std::vector<float> k = random.normals(rows * 7), v = random.normals(rows * 8);
  for (DType dtype : {DType::kF32, DType::kBF16}) {
    const GuardedBytes keys(pages * heads * dim * kPageTokens * element_size(dtype)), values(keys.size());
    kernel.run(
        {k.data(), 7, v.data(), 8, false, heads, dim, dim, slots.data(), dtype, keys.data(), values.data(), rows},
        pool(2));
    long written = 0;
    for (int64_t i = 0; i < pages * heads * dim * kPageTokens; ++i) {
      written += !std::isnan(load_element(keys.data(), dtype, i)) + !std::isnan(load_element(values.data(), dtype, i));
    }
    expect(written == 2 * rows * heads * dim, "wrote another number of elements than it was given");
    for (int r = 0; r < rows; ++r) {
      for (int h = 0; h < heads; ++h) {
        for (int c = 0; c < dim; ++c) {
          const int64_t block = slots[r] / 64 * heads + h;
          const float key = load_element(keys.data(), dtype, (block * dim + c) * 64 + slots[r] % 64);
          const float value = load_element(values.data(), dtype, (block * 64 + slots[r] % 64) * dim + c);
          const float given_key = k[r * 7 + h * dim + c], given_value = v[r * 8 + h * dim + c];
          expect(key == (dtype == DType::kF32 ? given_key : round_bf16(given_key)), "a key is in the wrong place");
          expect(value == (dtype == DType::kF32 ? given_value : round_bf16(given_value)),
                 "a value is in the wrong place");
        }
      }
    }
    const GuardedBytes latent(pages * kPageTokens * 5 * element_size(dtype));
    kernel.run({k.data(), 7, v.data(), 8, true, 1, 3, 2, slots.data(), dtype, latent.data(), nullptr, rows}, pool(2));
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < 5; ++c) {
        const float given = c < 3 ? k[r * 7 + c] : v[r * 8 + c - 3];
        expect(
            load_element(latent.data(), dtype, slots[r] * 5 + c) == (dtype == DType::kF32 ? given : round_bf16(given)),
            "a latent is in the wrong place");
      }
    }
  }
  return "dense and latent, float32 and bfloat16";
}

std::string combine(const Kernel<CombineOp>& kernel) {
  Random random(64);
  const int rows = 5, columns = 37, per_token = 3;
  const std::vector<float> x = random.normals(rows * per_token * columns), weights = random.normals(rows * per_token);
  const std::vector<int32_t> slot_of = {14, 0, 7, 1, 13, 2, 3, 12, 4, 5, 6, 8, 11, 10, 9};
  const std::vector<float> shared = random.normals(rows * columns);
  for (const float* plus : {static_cast<const float*>(nullptr), shared.data()}) {
    std::vector<float> y(rows * columns, NAN);
    kernel.run({x.data(), slot_of.data(), weights.data(), rows, columns, per_token, plus, y.data()}, pool(2));
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < columns; ++c) {
        double sum = plus == nullptr ? 0 : plus[r * columns + c];
        double magnitude = std::fabs(sum);
        for (int k = 0; k < per_token; ++k) {
          const double product =
              static_cast<double>(weights[r * per_token + k]) * x[slot_of[r * per_token + k] * columns + c];
          sum += product;
          magnitude += std::fabs(product);
        }
        expect(std::fabs(y[r * columns + c] - sum) <= magnitude * 0x1p-22, print("row %d, column %d", r, c));
      }
    }
  }
  return "5 rows of 3 experts, alone and with what is shared";
}

std::string take_rows(const Kernel<TakeRowsOp>& kernel) {
  Random random(65);
  const std::vector<float> x = random.normals(6 * 11);
  const std::vector<int32_t> rows = {5, 0, 5, 2};
  const GuardedBytes y(4 * 4 * 11);
  kernel.run({x.data(), 11, rows.data(), 4, y.floats()}, pool(2));
  y.check("take_rows");
  for (int i = 0; i < 4; ++i) expect_same_bits(y.floats() + i * 11, x.data() + rows[i] * 11, 11, print("row %d", i));
  return "4 rows";
}

const Suite kSuite([] {
  add_for_each_kernel<EmbedOp>("widens the rows of the ids, block scales applied", Reference::kIncluded, embed);
  add_for_each_kernel<RopeOp>("rotates interleaved and half-split pairs and nothing else", Reference::kIncluded, rope);
  add_for_each_kernel<StoreKvOp>("puts every element where the cache layouts say", Reference::kIncluded, store_kv);
  add_for_each_kernel<CombineOp>("adds the weighted experts of each row", Reference::kIncluded, combine);
  add_for_each_kernel<TakeRowsOp>("copies the rows asked for", Reference::kIncluded, take_rows);
});

}  // namespace
}  // namespace evalrun::test

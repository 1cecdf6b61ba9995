// RopeOp and StoreKvOp.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tuple>

#include "cuda/test/harness.h"
#include "cuda/test/reference.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

std::string rope() {
  struct Shape {
    int rows, heads, head_stride, offset, dim, padding;
  };
  Random random(221);
  Comparison comparison;
  // Aligned shapes of models, then ones that are not: an odd offset, an odd stride, a number of pairs that is no multiple of four.
  for (const Shape& s : {Shape{3, 4, 192, 128, 64, 0}, {5, 1, 576, 512, 64, 0}, {2, 3, 128, 0, 128, 4}, {2, 2, 7, 1, 6, 0},
                         {3, 2, 16, 0, 16, 3}, {1, 1, 2, 0, 2, 0}, {4, 2, 24, 0, 12, 0}}) {
    for (bool interleaved : {true, false}) {
      const int64_t stride = s.heads * s.head_stride + s.padding;
      std::vector<float> table(20 * s.dim);
      for (int p = 0; p < 20; ++p) {
        for (int i = 0; i < s.dim / 2; ++i) {
          const double angle = p * std::pow(0.7, i) + 0.1 * i;
          table[p * s.dim + i] = static_cast<float>(std::cos(angle));
          table[p * s.dim + s.dim / 2 + i] = static_cast<float>(std::sin(angle));
        }
      }
      std::vector<int32_t> positions(s.rows);
      for (int32_t& position : positions) position = random.below(20);
      const std::vector<float> before = random.normals(s.rows * stride);
      std::vector<float> expected = before;
      run_reference(RopeOp{expected.data(), stride, s.heads, s.head_stride, s.offset, s.dim, interleaved, positions.data(),
                           table.data(), s.rows});
      const DeviceArray<float> x(before), device_table(table);
      const DeviceArray<int32_t> device_positions(positions);
      const RopeOp op{x.data(), stride,         s.heads, s.head_stride, s.offset, s.dim, interleaved, device_positions.data(),
                      device_table.data(), s.rows};
      run_op(op);
      x.check("rope");
      const std::vector<float> result = x.host();
      const std::string where = print("%d heads of stride %d, %d + %d, interleaved %d", s.heads, s.head_stride, s.offset, s.dim,
                                      interleaved);
      for (size_t i = 0; i < result.size(); ++i) {
        const bool rotary = expected[i] != before[i];
        // Two products of numbers below 6 and cosines, one rounding each, and the sum's.
        comparison.add(result[i], expected[i], rotary ? 12 * 3 * 0x1p-24 : 1e-45, [&] { return where + print(", value %zu", i); });
      }
      // The last row alone, at an odd address.
      const int64_t last = (s.rows - 1) * stride;
      std::vector<float> row(1 + stride, 7.0f);
      std::copy(before.begin() + last, before.end(), row.begin() + 1);
      const DeviceArray<float> alone(row);
      RopeOp one = op;
      one.x = alone.data() + 1;
      one.positions = device_positions.data() + s.rows - 1;
      one.rows = 1;
      run_op(one);
      expect_same_bits(alone.host().data() + 1, result.data() + last, stride, where + ", a row alone");
    }
  }
  return comparison.summary();
}

template <class T>
std::vector<float> widened(const DeviceBytes& cache, int64_t count, DType dtype) {
  std::vector<T> raw(count);
  cache.read(raw.data());
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = load_element(raw.data(), dtype, i);
  return values;
}

std::vector<float> read_cache(const DeviceBytes& cache, int64_t count, DType dtype) {
  return dtype == DType::kF32 ? widened<float>(cache, count, dtype) : widened<uint16_t>(cache, count, dtype);
}

// Writes nothing but the rows of `slots`, and these as they are asked for.
void expect_stored(const std::vector<float>& cache, std::vector<float> expected, DType dtype, const std::string& what) {
  for (size_t i = 0; i < cache.size(); ++i) {
    if (std::isnan(expected[i])) {
      expect(std::isnan(cache[i]), what + print(": element %zu was written", i));
      continue;
    }
    const float value = dtype == DType::kF32 ? expected[i] : round_bf16(expected[i]);
    expect(cache[i] == value, what + print(": element %zu is %.9g, not %.9g", i, cache[i], value));
  }
}

std::string store_kv() {
  Random random(222);
  const int pages = 3;
  const std::vector<int32_t> slots = {64 + 5, 63, 128, 0};
  const int rows = static_cast<int>(slots.size());
  const DeviceArray<int32_t> device_slots(slots);
  struct Shape {
    int heads, k_columns, v_columns, padding;
  };
  for (DType dtype : {DType::kF32, DType::kBF16}) {
    for (const Shape& s : {Shape{2, 3, 3, 1}, {2, 16, 16, 0}, {3, 24, 8, 4}, {1, 128, 128, 3}}) {
      const int64_t k_stride = s.heads * s.k_columns + s.padding, v_stride = s.heads * s.v_columns + s.padding;
      const std::vector<float> k = random.normals(rows * k_stride), v = random.normals(rows * v_stride);
      const DeviceArray<float> device_k(k), device_v(v);
      const int64_t tokens = static_cast<int64_t>(pages) * s.heads * kPageTokens;
      const DeviceBytes keys(tokens * s.k_columns * element_size(dtype)), values(tokens * s.v_columns * element_size(dtype));
      run_op(StoreKvOp{device_k.data(), k_stride, device_v.data(), v_stride, false, s.heads, s.k_columns, s.v_columns,
                       device_slots.data(), dtype, keys.data(), values.data(), rows});
      keys.check("keys");
      values.check("values");
      std::vector<float> expected_k(tokens * s.k_columns, NAN), expected_v(tokens * s.v_columns, NAN);
      for (int r = 0; r < rows; ++r) {
        for (int h = 0; h < s.heads; ++h) {
          // The layout of kv_layout.h, spelled out: [pages, G, P, D].
          const int64_t token = (slots[r] / 64 * s.heads + h) * 64 + slots[r] % 64;
          for (int c = 0; c < s.k_columns; ++c) expected_k[token * s.k_columns + c] = k[r * k_stride + h * s.k_columns + c];
          for (int c = 0; c < s.v_columns; ++c) expected_v[token * s.v_columns + c] = v[r * v_stride + h * s.v_columns + c];
        }
      }
      const std::string what = print("%s, %d heads of %d and %d", name_of(dtype), s.heads, s.k_columns, s.v_columns);
      expect_stored(read_cache(keys, tokens * s.k_columns, dtype), expected_k, dtype, "keys, " + what);
      expect_stored(read_cache(values, tokens * s.v_columns, dtype), expected_v, dtype, "values, " + what);
    }
    for (const auto& [rank, rope_dim] : {std::pair{3, 2}, {16, 8}, {512, 64}}) {
      const int64_t stride = rank + rope_dim;
      const std::vector<float> kv = random.normals(rows * stride);
      const DeviceArray<float> device_kv(kv);
      const DeviceBytes cache(pages * kPageTokens * stride * element_size(dtype));
      run_op(StoreKvOp{device_kv.data(), stride, device_kv.data() + rank, stride, true, 1, rank, rope_dim, device_slots.data(),
                       dtype, cache.data(), nullptr, rows});
      cache.check("latents");
      std::vector<float> expected(pages * kPageTokens * stride, NAN);
      for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < stride; ++c) expected[slots[r] * stride + c] = kv[r * stride + c];
      }
      expect_stored(read_cache(cache, static_cast<int64_t>(expected.size()), dtype), expected, dtype,
                    print("latents, %s, %d + %d", name_of(dtype), rank, rope_dim));
    }
  }
  return "dense and latent, float32 and bfloat16, and nothing else";
}

// Against its three ops in a row, bit for bit; rows alone as among others.
std::string store_latent() {
  Random random(224);
  const std::vector<int32_t> slots = {64 + 5, 63, 128, 0, 7}, positions = {3, 19, 0, 7, 11};
  const int rows = static_cast<int>(slots.size());
  const DeviceArray<int32_t> device_slots(slots), device_positions(positions);
  int fused = 0;
  for (const auto& [of_rank, of_rope, padding] : {std::tuple{512, 64, 0}, {16, 8, 4}, {104, 40, 0}, {132, 128, 8}, {24, 6, 0}, {516, 64, 0}, {16, 8, 1}}) {
    const int rank = of_rank, rope_dim = of_rope;  // which lambdas take
    const bool can = (rank + rope_dim) % 4 == 0 && rank <= 512 && padding % 4 == 0;
    for (const DType kv : {DType::kF32, DType::kBF16}) {
      for (const bool interleaved : {true, false}) {
        const int64_t stride = rank + rope_dim + padding, elements = 3 * kPageTokens * (rank + rope_dim);
        const std::vector<float> table = random.normals(20 * rope_dim);
        const StoredWeight weight(random, kv == DType::kF32 ? DType::kF32 : DType::kBF16, 1, rank);
        const DeviceWeightCopy device_weight(weight.weight());
        const DeviceArray<float> device_table(table);
        const std::vector<float> x = random.normals(rows * stride);
        const DeviceArray<float> of_ops(x), of_fused(x), of_row(std::vector<float>(x.begin() + 2 * stride, x.begin() + 3 * stride));
        const DeviceBytes by_ops(elements * element_size(kv)), by_fused(elements * element_size(kv)), alone(elements * element_size(kv));
        const auto op = [&](float* x, const DeviceBytes& cache, int first, int count) {
          return StoreLatentOp{{x, stride, device_weight.weight(), 1e-6f, interleaved, count, rank, x, stride},
                               {x, stride, 1, static_cast<int>(stride), rank, rope_dim, interleaved, device_positions.data() + first,
                                device_table.data(), count},
                               {x, stride, x + rank, stride, true, 1, rank, rope_dim, device_slots.data() + first, kv, cache.data(), nullptr, count},
                               {}};
        };
        const StoreLatentOp three = op(of_ops.data(), by_ops, 0, rows);
        run_op(three.norm);
        run_op(three.rope);
        run_op(three.store);
        const auto run_one = [&](const StoreLatentOp& one) {
          begin_step();
          const bool ran = run_fused(context(), one) != nullptr;
          finish_step();
          return ran;
        };
        const std::string where = print("%s, %d + %d", name_of(kv), rank, rope_dim);
        expect(run_one(op(of_fused.data(), by_fused, 0, rows)) == can, where + (can ? " has no kernel" : " has a kernel"));
        if (!can) continue;
        ++fused;
        expect(run_one(op(of_row.data(), alone, 2, 1)), where);
        by_fused.check(where);
        const auto bytes = [&](const DeviceBytes& cache) {
          std::vector<char> host(static_cast<size_t>(cache.bytes()));
          cache.read(host.data());
          return host;
        };
        const std::vector<char> expected = bytes(by_ops), row = bytes(alone);
        expect(bytes(by_fused) == expected, where + ": other bytes than three ops");
        const int64_t width = (rank + rope_dim) * element_size(kv), begin = slots[2] * width;
        expect(std::equal(row.begin() + begin, row.begin() + begin + width, expected.begin() + begin), where + ": a row alone has other bytes");

        // Queries beside it, in heads that can be turned four pairs at once and in some that cannot.
        for (const int head_padding : {0, 1}) {
          const int head = rope_dim + 8 + head_padding, heads = 3;
          const std::vector<float> q = random.normals(rows * heads * head);
          const DeviceArray<float> turned(q), beside(q);
          const auto rope = [&](float* x) {
            return RopeOp{x, heads * head, heads, head, 8, rope_dim, interleaved, device_positions.data(), device_table.data(), rows};
          };
          run_op(rope(turned.data()));
          const DeviceBytes with_queries(elements * element_size(kv));
          StoreLatentOp four = op(of_fused.data(), with_queries, 0, rows);
          four.queries = rope(beside.data());
          expect(run_one(four), where);
          beside.check(where);
          with_queries.check(where);
          expect(bytes(with_queries) == expected, where + ": other bytes beside queries");
          expect_same_bits(beside.host().data(), turned.host().data(), rows * heads * head, where + ", queries");
        }
      }
    }
  }
  bool refused = false;
  try {
    const DeviceArray<float> x(64);
    run_fused(context(), StoreLatentOp{{x.data(), 24, Weight{}, 0, false, 1, 16, x.data(), 24}, {x.data(), 24, 2, 24, 16, 8, false, nullptr, nullptr, 1}, {}, {}});
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "ops of other rows were taken");
  return print("%d caches of the same bytes", fused);
}

const evalrun::test::Suite kSuite([] {
  add("cuda rope rotates interleaved and half-split pairs and nothing else", rope);
  add("cuda store_latent is a norm, a rotation and a store, in one where it can be", store_latent);
  add("cuda store_kv puts every element where kv_layout.h says", store_kv);
});

}  // namespace
}  // namespace evalrun::cuda::test

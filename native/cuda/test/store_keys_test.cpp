// StoreKeysOp: the cache and the queries that its ops in a row leave.
#include <tuple>

#include "cuda/test/harness.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::print;

struct Heads {
  int kv, queries, dim, rope_dim, padding;
};

std::string is_its_ops_in_a_row() {
  Random random(225);
  const std::vector<int32_t> slots = {64 + 5, 63, 128, 0, 7}, positions = {3, 19, 0, 7, 11};
  const int rows = static_cast<int>(slots.size());
  const DeviceArray<int32_t> device_slots(slots), device_positions(positions);
  int fused = 0;
  // Of models; with columns that do not turn; then pairs, heads and rows that cannot be read at once.
  for (const Heads& h : {Heads{2, 8, 64, 64, 0},
                         {1, 3, 128, 128, 4},
                         {2, 2, 32, 16, 0},
                         {2, 2, 16, 8, 0},
                         {2, 2, 16, 12, 0},
                         {2, 2, 12, 8, 0},
                         {1, 2, 16, 16, 2}}) {
    const bool can = h.dim % 8 == 0 && h.rope_dim % 8 == 0 && h.padding % 4 == 0;
    for (const DType kv : {DType::kF32, DType::kBF16}) {
      for (const bool interleaved : {true, false}) {
        const int64_t stride = h.kv * h.dim + h.padding, q_stride = h.queries * h.dim;
        const int64_t bytes = int64_t{3} * kPageTokens * h.kv * h.dim * (kv == DType::kF32 ? 4 : 2);
        const DeviceArray<float> table(random.normals(20 * h.rope_dim)), k(random.normals(rows * stride)), v(random.normals(rows * stride));
        const std::vector<float> queries = random.normals(rows * q_stride);
        struct Result {
          std::vector<char> keys, values;
          std::vector<float> queries;
        };
        const std::string where = print("%s, %d + %d heads of %d, of which %d turn", name_of(kv), h.kv, h.queries, h.dim, h.rope_dim);
        // run(op) on fresh copies.
        const auto on_copies = [&](const auto& run) {
          const DeviceArray<float> own_k(k.host()), q(queries);
          const DeviceArray<char> keys(bytes), values(bytes);
          const auto rope = [&](float* x, int64_t x_stride, int heads) {
            return RopeOp{x, x_stride, heads, h.dim, 0, h.rope_dim, interleaved, device_positions.data(), table.data(), rows};
          };
          begin_step();
          run(StoreKeysOp{rope(own_k.data(), stride, h.kv),
                          {own_k.data(), stride, v.data(), stride, false, h.kv, h.dim, h.dim, device_slots.data(), kv, keys.data(),
                           values.data(), rows},
                          rope(q.data(), q_stride, h.queries)});
          finish_step();
          keys.check(where);
          values.check(where);
          q.check(where);
          return Result{keys.host(), values.host(), q.host()};
        };
        bool ran = true;
        const Result in_one = on_copies([&](const StoreKeysOp& op) { ran = run_fused(context(), op) != nullptr; });
        expect(ran == can, where + (can ? " has no kernel" : " has a kernel"));
        if (!can) continue;
        const Result in_a_row = on_copies([](const StoreKeysOp& op) {
          cuda::run(context(), op.keys);
          cuda::run(context(), op.store);
          cuda::run(context(), op.queries);
        });
        expect(in_one.keys == in_a_row.keys, where + ": other keys");
        expect(in_one.values == in_a_row.values, where + ": other values");
        expect_same_bits(in_one.queries.data(), in_a_row.queries.data(), rows * q_stride, where + ", queries");
        const Result without = on_copies([](StoreKeysOp op) {
          op.queries.rows = 0;
          run_fused(context(), op);
        });
        expect(without.keys == in_a_row.keys && without.queries == queries, where + ": without queries");
        ++fused;
      }
    }
  }
  bool refused = false;
  try {
    run_fused(context(), StoreKeysOp{});
    StoreKeysOp other{};
    other.keys.heads = 1;
    run_fused(context(), other);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "other keys were taken");
  return print("%d caches of the same bytes", fused);
}

const evalrun::test::Suite kSuite([] { add("cuda store_keys is two rotations and a store, in one where it can be", is_its_ops_in_a_row); });

}  // namespace
}  // namespace evalrun::cuda::test

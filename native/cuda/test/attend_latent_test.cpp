// AttendLatentOp: what is stored and what is found, with the bits of its ops in a row.
#include <algorithm>

#include "cuda/test/latent_world.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;

// A step's rows of latents and queries, and copies of the cache that it stores into.
class NewRows {
 public:
  NewRows(LatentWorld& world, const std::vector<Part>& parts, bool interleaved)
      : world_(world),
        interleaved_(interleaved),
        spans_(world.sequences, parts),
        width_(world.shape.rank + world.shape.rope),
        latents_(world.random.normals(spans_.rows() * width_)),
        queries_(gather(world.q, parts, world.q_width(), world.q_width())),
        table_(world.random.normals(200 * world.shape.rope)),
        norm_(StoredWeight(world.random, DType::kBF16, 1, world.shape.rank).weight()),
        slots_(slots_of(world, parts)),
        positions_(positions_of(parts)) {}

  struct Result {
    std::vector<char> cache;
    std::vector<float> y;
  };
  // run(op) on fresh copies of everything.
  template <class Run>
  Result on_copies(const Run& run) {
    const DeviceArray<char> cache(world_.cache.keys());
    const DeviceArray<float> kv(latents_), q(queries_), y(spans_.rows() * world_.y_width());
    const int rows = spans_.rows(), rank = world_.shape.rank, rope = world_.shape.rope;
    const DType kv_type = world_.c.kv;
    const StoreLatentOp store{
        {kv.data(), width_, norm_.weight(), 1e-6f, false, rows, rank, kv.data(), width_},
        {kv.data(), width_, 1, static_cast<int>(width_), rank, rope, interleaved_, positions_.data(), table_.data(), rows},
        {kv.data(), width_, kv.data() + rank, width_, true, 1, rank, rope, slots_.data(), kv_type, cache.data(), nullptr, rows},
        {q.data(), world_.q_width(), world_.shape.heads, world_.shape.nope + rope, world_.shape.nope, rope, interleaved_, positions_.data(),
         table_.data(), rows}};
    begin_step();
    run(AttendLatentOp{
        store, world_.op(q.data(), world_.q_width(), world_.weight->weight(), cache.data(), spans_.device(), y.data(), world_.y_width())});
    finish_step();
    cache.check(world_.describe());
    y.check(world_.describe());
    return {cache.host(), y.host()};
  }

 private:
  static std::vector<int32_t> slots_of(const LatentWorld& world, const std::vector<Part>& parts) {
    std::vector<int32_t> slots;
    for (const Part& part : parts) {
      for (int p = part.begin; p < part.end; ++p) {
        slots.push_back(world.sequences[part.sequence].pages[p / kPageTokens] * kPageTokens + p % kPageTokens);
      }
    }
    return slots;
  }
  static std::vector<int32_t> positions_of(const std::vector<Part>& parts) {
    std::vector<int32_t> positions;
    for (const Part& part : parts) {
      for (int p = part.begin; p < part.end; ++p) positions.push_back(p);
    }
    return positions;
  }

  LatentWorld& world_;
  const bool interleaved_;
  StepSpans spans_;
  const int64_t width_;
  const std::vector<float> latents_, queries_;
  const DeviceArray<float> table_;
  const DeviceWeightCopy norm_;
  const DeviceArray<int32_t> slots_, positions_;
};

std::string is_its_ops_in_a_row() {
  int steps = 0;
  for (const LatentShape& shape : {kTiny, kOdd, kDeepSeek, kManyHeads}) {
    for (const bool interleaved : {true, false}) {
      LatentWorld world(31, kBF16, shape);
      // Seventeen rows and more are several blocks of the matrix units.
      for (const std::vector<Part>& parts :
           {std::vector<Part>{{0, 169, 170, true}}, {{0, 148, 170, true}, {1, 139, 140, true}, {2, 63, 65, true}}}) {
        NewRows rows(world, parts, interleaved);
        const auto in_a_row = rows.on_copies([](const AttendLatentOp& op) {
          expect(run_fused(context(), op.store) != nullptr, "the latents are stored by one kernel");
          run(context(), op.attention);
        });
        const auto in_one =
            rows.on_copies([](const AttendLatentOp& op) { expect(run_fused(context(), op) != nullptr, "a decoding step has it"); });
        expect(in_one.cache == in_a_row.cache, world.describe() + ": other bytes in the cache");
        expect_same_bits(in_one.y.data(), in_a_row.y.data(), static_cast<int64_t>(in_a_row.y.size()), world.describe());
        ++steps;
      }
    }
  }
  return print("%d steps", steps);
}

std::string leaves_the_rest_to_others() {
  LatentWorld world(32, kBF16, kTiny), exact(32, kF32, kTiny);
  const auto is_fused = [](LatentWorld& world, const std::vector<Part>& parts) {
    bool fused = false;
    NewRows(world, parts, false).on_copies([&](const AttendLatentOp& op) {
      fused = run_fused(context(), op) != nullptr;
      if (!fused) run(context(), op.attention);
    });
    return fused;
  };
  expect(is_fused(world, {{0, 169, 170, true}}), "a decoding step");
  expect(!is_fused(world, {{0, 169, 170, true}, {2, 60, 65}}), "a step with a prompt was taken");
  expect(!is_fused(exact, {{0, 169, 170, true}}), "float32 was taken");
  bool refused = false;
  try {
    NewRows(world, {{0, 169, 170, true}}, false).on_copies([](AttendLatentOp op) {
      op.store.queries.offset += 1;
      run_fused(context(), op);
    });
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, "other queries were taken");
  return "prompts, float32, other queries";
}

const evalrun::test::Suite kSuite([] {
  add("cuda attend_latent is a store, a rotation and an attention, in fewer kernels where it decodes", is_its_ops_in_a_row);
  add("cuda attend_latent leaves the rest to others", leaves_the_rest_to_others);
});

}  // namespace
}  // namespace evalrun::cuda::test

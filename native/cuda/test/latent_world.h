// Sequences of latents in a paged cache, queries and a projection: what tests of latent attention compute on.
#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cuda/test/paged_step.h"
#include "ops/registry.h"

namespace evalrun::cuda::test {

using evalrun::test::name_of;
using evalrun::test::pool;
using evalrun::test::print;
using evalrun::test::store_element;

struct LatentCase {
  Precision precision;
  DType kv, weight;
  bool parts = false;
};
const LatentCase kF32{Precision::kF32, DType::kF32, DType::kF32},
    kParts{Precision::kF32, DType::kF32, DType::kF8E4M3, true},
    kBF16{Precision::kBF16, DType::kBF16, DType::kBF16};

struct LatentShape {
  int heads, nope, rope, v, rank;
};
const LatentShape kTiny{4, 16, 8, 16, 32};                 // the oracle checkpoints
const LatentShape kOdd{3, 24, 40, 72, 104};                // multiples of eight, of nothing else
const LatentShape kDeepSeek{2, 128, 64, 128, 512};         // per head
const LatentShape kManyHeads{17, 32, 16, 48, 64};

struct LatentWorld {
  LatentWorld(uint64_t seed, const LatentCase& c, const LatentShape& s, int length = 170)
      : random(seed), c(c), shape(s), cache(c.kv, length / kPageTokens + 6, 0, s.rank, s.rope),
        order(random, length / kPageTokens + 6), kv_b(random, c.weight, s.heads * (s.nope + s.v), s.rank) {
    // Of the size a trained projection has, so that scores are of order 1.
    if (c.weight != DType::kF8E4M3) {
      for (int64_t i = 0; i < kv_b.rows * kv_b.columns; ++i) {
        store_element(kv_b.bytes.data(), c.weight, i, random.normal() / std::sqrt(static_cast<float>(s.rank)));
      }
    }
    for (float& scale : kv_b.scale) scale /= std::sqrt(static_cast<float>(s.rank));
    sequences.resize(3);
    fill(sequences[0], 0, length);
    sequences[1].pages = {sequences[0].pages[0], sequences[0].pages[1]};
    fill(sequences[1], 128, 140);
    fill(sequences[2], 0, 65);
    for (const Sequence& sequence : sequences) q.push_back(random.normals(sequence.length * q_width()));
    latents.emplace(cache.keys());
    weight.emplace(kv_b.weight());
  }

  void fill(Sequence& sequence, int begin, int end) {
    for (int position = begin; position < end; ++position) {
      if (position % kPageTokens == 0) sequence.pages.push_back(order.next());
      cache.store(sequence, position, random.normals(shape.rank).data(), random.normals(shape.rope).data());
    }
    sequence.length = end;
  }

  int64_t q_width() const { return static_cast<int64_t>(shape.heads) * (shape.nope + shape.rope); }
  int64_t y_width() const { return static_cast<int64_t>(shape.heads) * shape.v; }
  std::string describe() const {
    return print("%s%s, cache %s, kv_b %s, H %d, nope %d, rope %d, v %d, R %d", name_of(c.precision), c.parts ? " in parts" : "",
                 name_of(c.kv), name_of(c.weight), shape.heads, shape.nope, shape.rope, shape.v, shape.rank);
  }

  LatentAttentionOp op(const float* q, int64_t q_stride, const Weight& kv_b, const void* cache, const Spans& spans, float* y,
                       int64_t y_stride) const {
    const float scale = 1.0f / std::sqrt(static_cast<float>(shape.nope + shape.rope));
    return {q,    q_stride, shape.heads, shape.nope, shape.rope, shape.v, shape.rank, kv_b, scale, c.precision,
            c.kv, cache,    spans,       y,          y_stride,  c.parts};
  }

  std::vector<float> run(const std::vector<Part>& parts, int slack = 0, const char** kernel = nullptr) const {
    StepSpans step(sequences, parts);
    const int64_t q_stride = q_width() + 5, y_stride = y_width() + 3;
    const DeviceArray<float> q_rows(gather(q, parts, q_width(), q_stride));
    const DeviceArray<float> y(step.rows() * y_stride);
    const char* name =
        run_op(op(q_rows.data(), q_stride, weight->weight(), latents->data(), step.device(slack), y.data(), y_stride));
    if (kernel != nullptr) *kernel = name;
    y.check(describe());
    return compact(y.host(), step.rows(), y_width(), y_stride, describe());
  }

  std::vector<float> expected(const std::vector<Part>& parts) const {
    const StepSpans step(sequences, parts);
    const std::vector<float> q_rows = gather(q, parts, q_width(), q_width());
    std::vector<float> y(step.rows() * y_width());
    Registry<LatentAttentionOp>::instance().all().back().run(
        op(q_rows.data(), q_width(), kv_b.weight(), cache.host_keys(), step.host(), y.data(), y_width()), pool(2));
    return y;
  }

  Random random;
  const LatentCase c;
  const LatentShape shape;
  PagedCache cache;
  PageOrder order;
  StoredWeight kv_b;
  std::vector<Sequence> sequences;
  std::vector<std::vector<float>> q;
  std::optional<DeviceArray<char>> latents;
  std::optional<DeviceWeightCopy> weight;
};

}  // namespace evalrun::cuda::test

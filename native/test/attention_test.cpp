// AttentionOp: every kernel against the reference over head layouts, windows and spans, and bit for bit against itself
// however the spans are cut, shared or packed.
#include <algorithm>
#include <cmath>

#include "test/paged_cache.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

struct Case {
  Precision precision;
  DType kv;
};
const Case kCases[] = {
    {Precision::kF32, DType::kF32}, {Precision::kF32, DType::kBF16}, {Precision::kBF16, DType::kBF16}};

struct Shape {
  int heads, kv_heads, dim, window;
};
const Shape kShapes[] = {{1, 1, 1, 0},   {3, 1, 7, 0},   {4, 2, 64, 0},   {8, 8, 48, 5}, {6, 2, 80, 64},
                         {2, 1, 33, 70}, {5, 5, 128, 0}, {8, 1, 16, 129}, {4, 4, 96, 1}, {7, 1, 192, 100}};

// Three sequences with cached keys and values. The third begins with the pages of the first's 128 tokens.
struct World {
  World(Random& random, const Case& c, const Shape& s)
      : shape(s), c(c), cache(c.kv, 20, s.kv_heads, s.dim, s.dim), order(random, 20) {
    sequences.resize(3);
    fill(random, sequences[0], 0, 201);
    fill(random, sequences[1], 0, 64);
    sequences[2].pages.assign(sequences[0].pages.begin(), sequences[0].pages.begin() + 2);
    fill(random, sequences[2], 128, 150);
    for (const Sequence& sequence : sequences) q.push_back(random.normals(sequence.length * width()));
  }

  void fill(Random& random, Sequence& sequence, int begin, int end) {
    for (int position = begin; position < end; ++position) {
      if (position % kPageTokens == 0) sequence.pages.push_back(order.next());
      const std::vector<float> k = random.normals(shape.kv_heads * shape.dim);
      const std::vector<float> v = random.normals(shape.kv_heads * shape.dim);
      cache.store(sequence, position, k.data(), v.data());
    }
    sequence.length = end;
  }

  int64_t width() const { return static_cast<int64_t>(shape.heads) * shape.dim; }

  const Shape shape;
  const Case c;
  PagedCache cache;
  PageOrder order;
  std::vector<Sequence> sequences;
  std::vector<std::vector<float>> q;  // of every position
};

struct Part {
  int sequence, begin, end;
};

// Outputs of the parts, one after the other, from one call of the kernel.
std::vector<float> run(const Kernel<AttentionOp>& kernel, const World& world, const std::vector<Part>& parts,
                       int threads) {
  const int64_t width = world.width();
  std::vector<Span> spans;
  std::vector<int32_t> table;
  std::vector<float> q;
  int rows = 0;
  for (const Part& part : parts) {
    const Sequence& sequence = world.sequences[part.sequence];
    spans.push_back(
        {rows, part.end - part.begin, part.begin, static_cast<int>(table.size()), part.end - part.begin == 1});
    // Only the pages up to the span's end; what follows in the table is another span's, and 1 << 30 at the end.
    table.insert(table.end(), sequence.pages.begin(), sequence.pages.begin() + (part.end - 1) / kPageTokens + 1);
    q.insert(q.end(), world.q[part.sequence].begin() + part.begin * width,
             world.q[part.sequence].begin() + part.end * width);
    rows += part.end - part.begin;
  }
  table.push_back(1 << 30);
  const int64_t y_stride = width + 1;
  const GuardedBytes y(4 * ((rows - 1) * y_stride + width));
  const AttentionOp op{q.data(),
                       width,
                       world.shape.heads,
                       world.shape.kv_heads,
                       world.shape.dim,
                       1.0f / std::sqrt(static_cast<float>(world.shape.dim)),
                       world.shape.window,
                       world.c.precision,
                       world.c.kv,
                       world.cache.keys(),
                       world.cache.values(),
                       Spans::shared(spans, table),
                       y.floats(),
                       y_stride};
  if (!kernel.accepts(op, cpu_features())) return {};
  kernel.run(op, pool(threads));
  y.check("attention");
  std::vector<float> result;
  for (int r = 0; r < rows; ++r) {
    result.insert(result.end(), y.floats() + r * y_stride, y.floats() + r * y_stride + width);
    if (r + 1 < rows) expect(float_to_bits(y.floats()[r * y_stride + width]) == 0xffffffffu, "wrote between its rows");
  }
  return result;
}

std::string describe(const World& w) {
  return print("%s, cache %s, H %d, G %d, D %d, window %d", name_of(w.c.precision), name_of(w.c.kv), w.shape.heads,
               w.shape.kv_heads, w.shape.dim, w.shape.window);
}

const Kernel<AttentionOp>& reference() { return Registry<AttentionOp>::instance().all().back(); }

std::string agrees_with_reference(const Kernel<AttentionOp>& kernel) {
  Random random(11);
  Comparison comparison;
  double squares = 0;
  long count = 0;
  for (const Case& c : kCases) {
    for (const Shape& s : kShapes) {
      const World world(random, c, s);
      const std::vector<Part> parts = {{0, 0, 201}, {2, 128, 150}, {1, 63, 64}, {1, 0, 1}, {0, 150, 151}};
      const std::vector<float> actual = run(kernel, world, parts, 2);
      if (actual.empty()) continue;
      const std::vector<float> expected = run(reference(), world, parts, 2);
      for (size_t i = 0; i < actual.size(); ++i) {
        // Values are at most about 5. A score is off by at most D * 2^-24 * sum |q k| * scale, a few 1e-5, and so is
        // its exponential, relatively; where that moves a probability over a rounding edge of bfloat16 it changes by
        // 2^-8 of itself.
        const double bound = c.precision == Precision::kBF16 ? 5 * 0x1p-8 : 5 * 4e-5;
        comparison.add(actual[i], expected[i], bound, [&] { return describe(world) + print(", element %zu", i); });
        if (c.precision == Precision::kBF16) squares += std::pow(actual[i] - expected[i], 2);
        count += c.precision == Precision::kBF16;
      }
    }
  }
  // Few probabilities are that close to an edge; forgetting one rounding would show in every element.
  const double deviation = count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
  expect(deviation < 5e-5,
         print("bfloat16 outputs are off by %.3g on average (root mean square), more than 5e-5", deviation));
  return comparison.summary() + print(", bf16 deviation %.2g", deviation);
}

// The same rows, cut and packed in other ways, are the same bits.
std::string is_cut_invariant(const Kernel<AttentionOp>& kernel) {
  Random random(12);
  long compared = 0;
  for (const Case& c : kCases) {
    for (const Shape& s : kShapes) {
      const World world(random, c, s);
      const std::vector<float> whole = run(kernel, world, {{0, 0, 201}}, 1);
      if (whole.empty()) continue;
      const int64_t width = world.width();
      auto same = [&](int sequence, int begin, const std::vector<float>& part, const std::vector<float>& all,
                      const char* what) {
        expect_same_bits(part.data(), all.data() + begin * width, part.size(),
                         describe(world) + ", " + what + print(" from %d of %d", begin, sequence));
        compared += static_cast<long>(part.size() / width);
      };
      for (int threads : {2, 3}) same(0, 0, run(kernel, world, {{0, 0, 201}}, threads), whole, "other threads");
      for (const auto& [begin, end] :
           {std::pair{0, 37}, {37, 100}, {100, 201}, {63, 64}, {64, 65}, {1, 2}, {200, 201}, {11, 140}}) {
        same(0, begin, run(kernel, world, {{0, begin, end}}, 2), whole, "cut");
      }
      const std::vector<float> mixed = run(kernel, world, {{1, 0, 64}, {0, 90, 130}, {2, 128, 150}, {1, 63, 64}}, 2);
      same(0, 90, {mixed.begin() + 64 * width, mixed.begin() + 104 * width}, whole, "among others");
      const std::vector<float> alone = run(kernel, world, {{2, 128, 150}}, 2);
      expect_same_bits(mixed.data() + 104 * width, alone.data(), 22 * width,
                       describe(world) + ", behind a shared prefix");
    }
  }
  return print("%ld rows the same bits in one piece, in parts, among others, with 1, 2 and 3 threads", compared);
}

// Poisons the keys and values of later positions: earlier rows must not notice, though they may share a tile with them.
std::string later_keys_do_not_leak(const Kernel<AttentionOp>& kernel) {
  long compared = 0;
  for (const Case& c : kCases) {
    for (const Shape& s : {Shape{4, 2, 64, 0}, Shape{3, 3, 40, 50}, Shape{6, 1, 128, 0}}) {
      Random random(13);
      World world(random, c, s);
      const std::vector<float> clean = run(kernel, world, {{0, 0, 201}}, 2);
      if (clean.empty()) continue;
      const std::vector<float> poison(s.kv_heads * s.dim, NAN);
      const std::vector<float> huge(s.kv_heads * s.dim, INFINITY);
      for (int position : {101, 104, 107}) {
        world.cache.store(world.sequences[0], position, poison.data(), position == 104 ? huge.data() : poison.data());
      }
      const std::vector<float> dirty = run(kernel, world, {{0, 0, 201}}, 2);
      const int64_t width = world.width();
      expect_same_bits(dirty.data(), clean.data(), 101 * width, describe(world) + ", rows before a NaN key");
      compared += 101;
      if (s.window > 0) {
        const int after = 107 + s.window;
        expect_same_bits(dirty.data() + after * width, clean.data() + after * width, (201 - after) * width,
                         describe(world) + ", rows whose window has passed a NaN key");
        compared += 201 - after;
      }
      expect(std::isnan(dirty[101 * width]), describe(world) + ": a NaN key must show in its own row");
    }
  }
  return print("%ld rows untouched by masked NaN and infinity", compared);
}

const Suite kSuite([] {
  add_for_each_kernel<AttentionOp>("agrees with the reference over head layouts, windows and spans",
                                   Reference::kExcluded, agrees_with_reference);
  add_for_each_kernel<AttentionOp>("gives a row the same bits however its span is cut, packed or shared",
                                   Reference::kIncluded, is_cut_invariant);
  add_for_each_kernel<AttentionOp>("adds exactly nothing for a masked key, even if it is NaN", Reference::kIncluded,
                                   later_keys_do_not_leak);
});

}  // namespace
}  // namespace evalrun::test

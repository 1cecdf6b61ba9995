// AttentionOp on the GPU: against the CPU's reference over head layouts, windows and spans, and bit for bit against itself however
// the spans are cut, packed or shared.
#include <algorithm>
#include <cmath>
#include <optional>

#include "cuda/test/paged_step.h"
#include "ops/registry.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::name_of;
using evalrun::test::pool;
using evalrun::test::print;
using evalrun::test::Suite;

struct Case {
  Precision precision;
  DType kv;
};
const Case kF32{Precision::kF32, DType::kF32}, kMixed{Precision::kF32, DType::kBF16}, kBF16{Precision::kBF16, DType::kBF16};

struct Shape {
  int heads, kv_heads, dim, window;
};

std::string describe(const Case& c, const Shape& s) {
  return print("%s, cache %s, H %d, G %d, D %d, window %d", name_of(c.precision), name_of(c.kv), s.heads, s.kv_heads, s.dim, s.window);
}

// Three sequences with cached keys and values. The third begins with the pages of the first's 128 tokens.
struct World {
  World(uint64_t seed, const Case& c, const Shape& s, int length = 201)
      : random(seed), c(c), shape(s), cache(c.kv, 2 * length / kPageTokens + 10, s.kv_heads, s.dim, s.dim),
        order(random, 2 * length / kPageTokens + 10) {
    sequences.resize(3);
    fill(sequences[0], 0, length);
    fill(sequences[1], 0, 64);
    sequences[2].pages.assign(sequences[0].pages.begin(), sequences[0].pages.begin() + 2);
    fill(sequences[2], 128, 150);
    for (const Sequence& sequence : sequences) q.push_back(random.normals(sequence.length * width()));
    keys.emplace(cache.keys());
    values.emplace(cache.values());
  }

  void fill(Sequence& sequence, int begin, int end) {
    for (int position = begin; position < end; ++position) {
      if (position % kPageTokens == 0) sequence.pages.push_back(order.next());
      const std::vector<float> k = random.normals(shape.kv_heads * shape.dim);
      const std::vector<float> v = random.normals(shape.kv_heads * shape.dim);
      cache.store(sequence, position, k.data(), v.data());
    }
    sequence.length = end;
  }

  int64_t width() const { return static_cast<int64_t>(shape.heads) * shape.dim; }

  AttentionOp op(const float* q, int64_t q_stride, const Spans& spans, float* y, int64_t y_stride) const {
    return {q,       q_stride,    shape.heads, shape.kv_heads, shape.dim, 1.0f / std::sqrt(static_cast<float>(shape.dim)), shape.window,
            c.precision, c.kv, nullptr,     nullptr,        spans,     y, y_stride};
  }

  // Outputs of the parts, one after the other, from one call.
  std::vector<float> run(const std::vector<Part>& parts, int slack = 0, const char** kernel = nullptr) const {
    StepSpans step(sequences, parts);
    const int64_t q_stride = width() + 3, y_stride = width() + 1;
    const DeviceArray<float> q_rows(gather(q, parts, width(), q_stride));
    const DeviceArray<float> y(step.rows() * y_stride);
    AttentionOp op = this->op(q_rows.data(), q_stride, step.device(slack), y.data(), y_stride);
    op.k_cache = keys->data();
    op.v_cache = values->data();
    const char* name = run_op(op);
    if (kernel != nullptr) *kernel = name;
    y.check(describe(c, shape));
    return compact(y.host(), step.rows(), width(), y_stride, describe(c, shape));
  }

  std::vector<float> expected(const std::vector<Part>& parts) const {
    const StepSpans step(sequences, parts);
    const std::vector<float> q_rows = gather(q, parts, width(), width());
    std::vector<float> y(step.rows() * width());
    AttentionOp op = this->op(q_rows.data(), width(), step.host(), y.data(), width());
    op.k_cache = cache.host_keys();
    op.v_cache = cache.host_values();
    Registry<AttentionOp>::instance().all().back().run(op, pool(1));
    return y;
  }

  Random random;
  const Case c;
  const Shape shape;
  PagedCache cache;
  PageOrder order;
  std::vector<Sequence> sequences;
  std::vector<std::vector<float>> q;  // of every position
  std::optional<DeviceArray<char>> keys, values;
};

// Outputs against the reference's; `deviation` bounds the root mean square of their difference for each world.
class Agreement {
 public:
  void add(const World& world, const std::vector<Part>& parts, const char* kernel, double deviation) {
    const char* name = nullptr;
    const std::vector<float> actual = world.run(parts, 0, &name);
    const std::vector<float> expected = world.expected(parts);
    const std::string what = describe(world.c, world.shape);
    expect(std::string(name) == kernel, what + ": ran on " + name + ", expected " + kernel);
    double squares = 0;
    for (size_t i = 0; i < actual.size(); ++i) {
      // Values are at most about 5. A score is off by at most D * 2^-24 * sum |q k| * scale, a few 1e-5, and so is its
      // exponential, relatively. Where p is rounded to bfloat16 it may become the other neighbour, 2^-8 of itself away.
      const double bound = world.c.precision == Precision::kBF16 ? 5 * 0x1p-8 : 5 * 4e-5;
      comparison_.add(actual[i], expected[i], bound, [&] { return what + print(", element %zu", i); });
      squares += std::pow(actual[i] - expected[i], 2);
    }
    const double found = std::sqrt(squares / static_cast<double>(actual.size()));
    expect(found < deviation, what + print(": off by %.3g on average (root mean square), more than %.3g", found, deviation));
    worst_ = std::max(worst_, found);
  }
  std::string summary() const { return comparison_.summary() + print(", deviation %.2g", worst_); }

 private:
  Comparison comparison_;
  double worst_ = 0;
};

std::string agrees_with_reference(const Case& c, const std::vector<Shape>& shapes, const char* kernel) {
  Agreement agreement;
  for (const Shape& s : shapes) {
    // Few probabilities are so close to a rounding edge that they move over it; forgetting a rounding would show in all.
    agreement.add(World(11, c, s),
                  {{0, 0, 201}, {2, 128, 150}, {1, 63, 64, true}, {1, 0, 1}, {0, 150, 151, true}, {0, 189, 193, true}, {1, 0, 1, true}},
                  kernel, c.precision == Precision::kBF16 ? 2.5e-5 : 2e-6);
  }
  return agreement.summary();
}

const std::vector<Shape> kMatrixShapes = {{4, 2, 64, 0},   {7, 1, 64, 70}, {3, 1, 128, 0}, {2, 2, 128, 33}, {3, 3, 16, 5},
                                          {6, 2, 80, 64},  {2, 2, 96, 1},   {8, 1, 32, 129}, {2, 1, 256, 0}, {2, 2, 192, 100}};
const std::vector<Shape> kWgmmaShapes = {{4, 2, 64, 0}, {7, 1, 64, 70}, {3, 1, 128, 0}, {2, 2, 128, 33}, {3, 3, 16, 5},
                                         {6, 2, 80, 64},  {2, 2, 96, 1},   {8, 1, 32, 129}};
const std::vector<Shape> kRowShapes = {{1, 1, 1, 0}, {3, 1, 7, 0}, {4, 2, 64, 0}, {8, 8, 24, 5}, {2, 1, 33, 70}, {7, 1, 192, 100}};

// A row of a decode span is cut every 256 keys, so p is rounded relative to another maximum than in the reference. Rounding to
// bfloat16 moves p by 2^-8 / sqrt(3) * 0.74 = 1.7e-3 of itself (root mean square, p's binary logarithm being evenly spread), and
// twice independently; values are of size 1, and their sum over some 100 keys of weight p, sum p = 1, of size 1 / 10.
std::string combines_splits(const Case& c, const char* kernel, double deviation) {
  Agreement agreement;
  for (const Shape& s : {Shape{4, 2, 64, 0}, Shape{2, 1, 128, 300}, Shape{6, 1, 16, 0}}) {
    agreement.add(World(14, c, s, 901),
                  {{0, 900, 901, true}, {0, 255, 257, true}, {0, 509, 513, true}, {0, 767, 768, true}, {0, 768, 769, true}}, kernel,
                  deviation);
  }
  return agreement.summary();
}

void expect_rows(const World& world, const std::vector<float>& part, int64_t from, int64_t count, const std::vector<float>& whole,
                 int64_t at, const char* what) {
  const int64_t width = world.width();
  expect_same_bits(part.data() + from * width, whole.data() + at * width, count * width,
                   describe(world.c, world.shape) + print(", row %ld on, ", static_cast<long>(at)) + what);
}

std::string is_cut_invariant(const Case& c, const std::vector<Shape>& shapes) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(12, c, s);
    const std::vector<float> whole = world.run({{0, 0, 201}});
    const auto same = [&](const std::vector<float>& part, int from, int count, int at, const char* what) {
      expect_rows(world, part, from, count, whole, at, what);
      compared += count;
    };
    for (const auto& [begin, end] : {std::pair{0, 37}, {37, 100}, {63, 64}, {64, 65}, {1, 2}, {200, 201}}) {
      same(world.run({{0, begin, end}}), 0, end - begin, begin, "cut");
    }
    std::vector<Part> chunks;
    for (int begin = 0; begin < 201; begin += 29) chunks.push_back({0, begin, std::min(begin + 29, 201)});
    same(world.run(chunks), 0, 201, 0, "29 at a time, in one step");
    const std::vector<float> mixed = world.run({{1, 44, 64}, {0, 90, 130}, {1, 60, 61, true}, {2, 128, 150}, {0, 3, 5, true}});
    same(mixed, 20, 40, 90, "among others");
    expect_rows(world, mixed, 61, 22, world.run({{2, 128, 150}}), 0, "behind a shared prefix");
    {
      const ContextSettings settings;
      context().multiprocessors = 10000;
      same(world.run({{0, 120, 201}}), 0, 81, 120, "on a larger GPU");
      context().multiprocessors = 1;
      context().compute_capability = 80;
      same(world.run({{0, 120, 201}}), 0, 81, 120, "on a smaller GPU");
    }
  }
  return print("%ld rows the same bits in one piece, in parts, among others", compared);
}

std::string decodes_alike(const Case& c, const std::vector<Shape>& shapes, int length) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(13, c, s, length);
    for (const int position : {0, 62, 64, 254, 256, length - 1}) {
      if (position >= length) continue;
      const std::vector<float> alone = world.run({{0, position, position + 1, true}});
      const auto same = [&](const std::vector<float>& part, int from, const char* what) {
        expect_rows(world, part, from, 1, alone, 0, what);
        ++compared;
      };
      for (const auto& [before, count] : {std::pair{0, 2}, {1, 3}, {2, 3}, {3, 4}}) {
        const int begin = position - before, end = begin + count;
        if (begin >= 0 && end <= length) same(world.run({{0, begin, end, true}}), before, "among rows of its span");
      }
      same(world.run({{1, 0, 5}, {1, 63, 64, true}, {0, 5, 9, true}, {0, position, position + 1, true}, {2, 149, 150, true}}), 10,
           "among others");
      same(world.run({{0, position, position + 1, true}}, 1000), 0, "planned for later positions");
      const ContextSettings settings;
      context().multiprocessors = 1;
      same(world.run({{1, 63, 64, true}, {0, position, position + 1, true}}), 1, "on a smaller GPU");
      context().compute_capability = 80;
      same(world.run({{1, 63, 64, true}, {0, position, position + 1, true}}), 1, "on an older GPU");
    }
  }
  return print("%ld rows the same bits alone, with others of their span, among other spans", compared);
}

// Poisons the keys and values of later positions: earlier rows must not notice, though they share a page with them. (The matrix
// kernels promise so much only of slots behind the span.)
std::string later_keys_do_not_leak(const Case& c) {
  long compared = 0;
  for (const Shape& s : {Shape{4, 2, 64, 0}, Shape{3, 3, 40, 50}}) {
    World world(16, c, s);
    const std::vector<float> clean = world.run({{0, 0, 201}});
    const std::vector<float> poison(s.kv_heads * s.dim, NAN), huge(s.kv_heads * s.dim, INFINITY);
    for (const int position : {101, 104, 107}) {
      world.cache.store(world.sequences[0], position, poison.data(), position == 104 ? huge.data() : poison.data());
    }
    world.keys.emplace(world.cache.keys());
    world.values.emplace(world.cache.values());
    const std::vector<float> dirty = world.run({{0, 0, 201}});
    expect_rows(world, dirty, 0, 101, clean, 0, "before a NaN key");
    compared += 101;
    if (s.window > 0) {
      expect_rows(world, dirty, 107 + s.window, 201 - 107 - s.window, clean, 107 + s.window, "whose window has passed a NaN key");
      compared += 201 - 107 - s.window;
    }
    expect(std::isnan(dirty[101 * world.width()]), describe(c, s) + ": a NaN key must show in its own row");
  }
  return print("%ld rows untouched by masked NaN and infinity", compared);
}

// Where prompts' rows lie in tiles, of which some are one warpgroup's and some two's; windows that begin in any page.
std::string kinds_agree(const std::vector<Shape>& shapes) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(17, kBF16, s, 330);
    const std::vector<Part> parts = {{0, 0, 330}, {2, 128, 150}, {1, 0, 1}, {0, 140, 260}, {1, 63, 64, true}, {0, 319, 321}};
    const std::vector<float> by_mma = [&] {
      const ContextSettings settings;
      context().wgmma_attention = WgmmaAttention::kNever;
      return world.run(parts);
    }();
    for (const int multiprocessors : {1, 10000}) {
      const std::vector<float> by_wgmma = [&] {
        const ContextSettings settings;
        context().multiprocessors = multiprocessors;
        context().wgmma_attention = WgmmaAttention::kAlways;
        return world.run(parts);
      }();
      expect_same_bits(by_wgmma.data(), by_mma.data(), static_cast<int64_t>(by_mma.size()), describe(world.c, s) + " by wgmma");
      compared += static_cast<long>(by_mma.size());
    }
  }
  return print("%ld numbers have the same bits", compared);
}

// Prompts and decode spans of one step, of which products read bfloat16; and what is left to the product: rows that are no whole panels,
// and rows without matrix units.
std::string converts_as_well() {
  const auto with = [](const Case& c, const Shape& s, bool converts) {
    const World world(18, c, s);
    const std::vector<Part> parts = {{0, 30, 201}, {1, 63, 64, true}, {2, 128, 150}, {0, 199, 201, true}};
    StepSpans step(world.sequences, parts);
    const DeviceArray<float> q(gather(world.q, parts, world.width(), world.width())), y(step.rows() * world.width());
    AttentionOp op = world.op(q.data(), world.width(), step.device(), y.data(), world.width());
    op.k_cache = world.keys->data();
    op.v_cache = world.values->data();
    expect_converted(op, y.data(), world.width(), step.rows(), world.width(), converts, describe(c, s));
    y.check(describe(c, s));
  };
  with(kBF16, {4, 2, 64, 0}, true);
  with(kBF16, {3, 1, 128, 70}, true);
  with(kBF16, {8, 1, 16, 0}, true);
  with(kBF16, {3, 1, 16, 0}, false);
  with(kF32, {4, 2, 64, 0}, false);
  return "rows of 256, 384 and 128 columns";
}

// A GPU is asked once for each instance of the kernel, and by prompts alone; one that answers no computes by mma.
std::string asks_the_gpu() {
  if (context().compute_capability != 90) return "this GPU has no wgmma";
  const ContextSettings settings;
  context().wgmma_attention = WgmmaAttention::kIfSame;
  auto& alike = context().wgmma_attends_alike;
  alike = {};
  const auto kernel_of = [](const Shape& s, const std::vector<Part>& parts) {
    const char* name = nullptr;
    World(19, kBF16, s).run(parts, 0, &name);
    return std::string(name);
  };
  const std::vector<Part> prompt = {{0, 0, 70}}, decoding = {{0, 69, 70, true}};
  expect(kernel_of({2, 1, 64, 0}, decoding) == "mma" && !alike[0].has_value(), "decoding asks");
  expect(kernel_of({2, 1, 64, 0}, prompt) == "wgmma" && alike[0] == true && !alike[1].has_value(), "64 columns");
  expect(kernel_of({2, 1, 96, 0}, prompt) == "wgmma" && alike[1] == true && !alike[2].has_value(), "96 columns");
  expect(kernel_of({2, 1, 192, 0}, prompt) == "mma" && !alike[2].has_value(), "192 columns of values are too wide");
  alike[0] = false;
  expect(kernel_of({2, 1, 64, 0}, prompt) == "mma" && kernel_of({2, 1, 96, 0}, prompt) == "wgmma", "a GPU with other bits");
  context().compute_capability = 80;
  expect(kernel_of({2, 1, 96, 0}, prompt) == "mma", "an older GPU");
  return "of 64 and of 128 columns";
}

std::string refuses() {
  Random random(15);
  const World world(15, kBF16, {3, 1, 16, 0});
  StepSpans step(world.sequences, {{1, 0, 1}});
  AttentionOp op = world.op(nullptr, 0, step.device(), nullptr, 0);
  op.kv_heads = 2;
  try {
    run_op(op);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  throw evalrun::test::Failure("3 heads over 2 kv heads were accepted");
}

const Suite kSuite([] {
  add("attention/mma agrees with the reference over head layouts, windows and spans",
      [] { return agrees_with_reference(kBF16, kMatrixShapes, "mma"); });
  add("attention/simt agrees with the reference in float32", [] { return agrees_with_reference(kF32, kRowShapes, "simt"); });
  add("attention/simt agrees with the reference over a bfloat16 cache",
      [] { return agrees_with_reference(kMixed, kRowShapes, "simt"); });
  add("attention/simt takes in bfloat16 what matrix tiles cannot",
      [] { return agrees_with_reference(kBF16, {{3, 1, 7, 0}, {2, 1, 33, 70}}, "simt"); });
  add("attention/mma combines the splits of long contexts", [] { return combines_splits(kBF16, "mma", 2.4e-4); });
  add("attention/mma gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return is_cut_invariant(kBF16, {{4, 2, 64, 0}, {3, 1, 128, 70}, {7, 1, 16, 0}, {2, 1, 256, 0}}); });
  add("attention/wgmma agrees with the reference over head layouts, windows and spans",
      [] { return by_wgmma_attention([] { return agrees_with_reference(kBF16, kWgmmaShapes, "wgmma"); }); });
  add("attention/wgmma gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return by_wgmma_attention([] { return is_cut_invariant(kBF16, {{4, 2, 64, 0}, {3, 1, 128, 70}}); }); });
  add("attention/wgmma gives the bits of mma", [] {
    return by_wgmma_attention([] { return kinds_agree({{4, 2, 64, 0}, {3, 1, 128, 70}, {7, 1, 16, 1}, {2, 2, 96, 200}, {2, 1, 128, 129}}); });
  });
  add("attention/simt gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return is_cut_invariant(kF32, {{4, 2, 24, 0}, {3, 1, 33, 70}}); });
  add("attention/mma gives a decoded row the same bits alone and in any company",
      [] { return decodes_alike(kBF16, {{4, 2, 64, 0}, {7, 1, 16, 300}, {2, 2, 128, 0}, {1, 1, 256, 70}}, 520); });
  add("attention/simt gives a decoded row the same bits alone and in any company",
      [] { return decodes_alike(kF32, {{4, 2, 24, 0}}, 261); });
  add("attention/simt adds exactly nothing for a masked key, even if it is NaN", [] { return later_keys_do_not_leak(kF32); });
  add("attention leaves its rows as a product wants them", converts_as_well);
  add("attention/wgmma leaves its rows as a product wants them", [] { return by_wgmma_attention(converts_as_well); });
  add("attention/wgmma is taken where the GPU gives the bits of mma", asks_the_gpu);
  add("attention refuses heads that do not share kv heads evenly", refuses);
});

}  // namespace
}  // namespace evalrun::cuda::test

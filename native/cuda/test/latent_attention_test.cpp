// LatentAttentionOp on the GPU: both forms against the CPU's reference and against each other, and bit for bit against themselves
// however spans are cut, packed or shared.
#include <algorithm>
#include <cmath>
#include <utility>

#include "cuda/attend.h"
#include "cuda/test/latent_world.h"

namespace evalrun::cuda::test {
namespace {

using evalrun::test::expect_same_bits;
using evalrun::test::Suite;

using Case = LatentCase;
using Shape = LatentShape;
using World = LatentWorld;

// On 8.0 a page of float32 does not fit into shared memory, and decoding does without matrix units.
bool decodes_in_parts() { return context().compute_capability >= 90; }
const char* kernel_in_parts() { return decodes_in_parts() ? "mma in parts" : "mma in parts, simt"; }

double root_mean_square(const std::vector<float>& values) {
  double sum = 0;
  for (float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return root_mean_square(difference) / root_mean_square(b);
}

// Outputs against the reference's; `deviation` bounds the root mean square of their difference for each world, relatively.
class Agreement {
 public:
  void add(const World& world, const std::vector<Part>& parts, const char* kernel, double deviation) {
    const char* name = nullptr;
    const std::vector<float> actual = world.run(parts, 0, &name);
    const std::vector<float> expected = world.expected(parts);
    expect(std::string(name) == kernel, world.describe() + ": ran on " + name + ", expected " + kernel);
    const double size = root_mean_square(expected);
    for (size_t i = 0; i < actual.size(); ++i) {
      // As for dense attention; bfloat16 also rounds the expanded keys and values, or the projected query, where a difference in
      // the last bit of float32 may choose the other neighbour.
      const double bound = size * (world.c.precision == Precision::kBF16 ? 16 * 0x1p-8 : 1e-4);
      comparison_.add(actual[i], expected[i], bound, [&] { return world.describe() + print(", element %zu", i); });
    }
    const double found = relative_difference(actual, expected);
    expect(found < deviation,
           world.describe() + print(": off by %.3g of its size (root mean square), more than %.3g", found, deviation));
    worst_ = std::max(worst_, found);
  }
  std::string summary() const { return comparison_.summary() + print(", deviation %.2g", worst_); }

 private:
  Comparison comparison_;
  double worst_ = 0;
};

struct SplitsOf {
  explicit SplitsOf(int pages) { split_pages_instead = pages; }
  ~SplitsOf() { split_pages_instead = 0; }
};

std::string agrees_with_reference(const std::vector<Case>& cases, const std::vector<Shape>& shapes, const char* kernel) {
  const SplitsOf pages(4);  // one for all keys of a row: combines_splits has the bound of several
  Agreement agreement;
  for (const Case& c : cases) {
    for (const Shape& s : shapes) {
      // The reference takes its time for each row.
      const std::vector<Part> few = {{0, 127, 130}, {1, 139, 140, true}, {2, 63, 65}, {0, 168, 170, true}};
      const std::vector<Part> many = {{0, 110, 130}, {1, 139, 140, true}, {2, 40, 65}, {0, 166, 170, true}, {2, 0, 1, true}, {2, 0, 1}};
      agreement.add(World(21, c, s), s.heads * s.rank > 1000 ? few : many, kernel, c.precision == Precision::kBF16 ? 2e-4 : 2e-6);
    }
  }
  return agreement.summary();
}

// Rows of more than one split: p is rounded relative to another maximum than in the reference. Rounding to bfloat16 moves p, or a
// sum of p c, by 2^-8 / sqrt(3) * 0.74 = 1.7e-3 of itself (root mean square, binary logarithms being evenly spread); p is rounded
// twice independently, and then all sums of p c are.
std::string combines_splits(const Case& c, const char* kernel, double deviation) {
  Agreement agreement;
  for (const Shape& s : {kTiny, kManyHeads}) {
    agreement.add(World(24, c, s, 801), {{0, 800, 801, true}, {0, 255, 257, true}, {0, 509, 513, true}, {0, 768, 769, true}}, kernel,
                  deviation);
  }
  return agreement.summary();
}

// Other splits than the model's own: as right, and other bits.
std::string splits_as_asked() {
  const std::vector<Part> rows = {{0, 800, 801, true}, {0, 255, 257, true}, {0, 62, 65, true}};
  const World world(24, kBF16, kTiny, 801);
  const std::vector<float> usual = world.run(rows);
  Agreement agreement;
  for (const int pages : {1, 3, 20}) {
    const SplitsOf instead(pages);
    agreement.add(world, rows, "mma", 1.7e-3 * 2);
    expect(world.run(rows) != usual, print("splits of %d pages give the bits of others", pages));
  }
  // And what is usual: two pages with few heads, four with many.
  for (const auto& [shape, pages] : {std::pair{kTiny, 2}, {kManyHeads, 4}}) {
    const World other(25, kBF16, shape, 301);
    const std::vector<Part> row = {{0, 300, 301, true}};
    const std::vector<float> as_is = other.run(row);
    const SplitsOf instead(pages);
    expect(other.run(row) == as_is, other.describe() + print(": other splits than of %d pages", pages));
  }
  return agreement.summary();
}

void expect_rows(const World& world, const std::vector<float>& part, int64_t from, int64_t count, const std::vector<float>& whole,
                 int64_t at, const char* what) {
  const int64_t width = world.y_width();
  expect_same_bits(part.data() + from * width, whole.data() + at * width, count * width,
                   world.describe() + print(", row %ld on, ", static_cast<long>(at)) + what);
}

std::string is_cut_invariant(const Case& c, const std::vector<Shape>& shapes) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(22, c, s);
    const std::vector<float> whole = world.run({{0, 0, 170}});
    const auto same = [&](const std::vector<float>& part, int from, int count, int at, const char* what) {
      expect_rows(world, part, from, count, whole, at, what);
      compared += count;
    };
    for (const auto& [begin, end] : {std::pair{0, 37}, {37, 100}, {100, 170}, {63, 65}, {169, 170}}) {
      same(world.run({{0, begin, end}}), 0, end - begin, begin, "cut");
    }
    std::vector<Part> chunks;
    for (int begin = 0; begin < 170; begin += 37) chunks.push_back({0, begin, std::min(begin + 37, 170)});
    same(world.run(chunks), 0, 170, 0, "37 at a time, in one step");
    const std::vector<float> mixed =
        world.run({{2, 40, 65}, {2, 64, 65, true}, {0, 90, 131}, {1, 128, 140}, {0, 40, 42, true}, {0, 0, 20}});
    same(mixed, 26, 41, 90, "among others");
    same(mixed, 81, 20, 0, "after a longer span");
    expect_rows(world, mixed, 67, 12, world.run({{1, 128, 140}}), 0, "behind a shared prefix");
    const ContextSettings settings;
    context().multiprocessors = 1;
    context().compute_capability = 80;
    same(world.run({{0, 120, 170}}), 0, 50, 120, "on a smaller GPU");
    const int element_bytes = c.parts ? 2 * kFloatParts : c.precision == Precision::kF32 ? 4 : 2;
    const int64_t limit = std::exchange(max_expanded_bytes, 3 * 64 * (s.nope + s.rope + s.v) * 2 * element_bytes);
    const std::vector<float> grouped = world.run({{0, 120, 170}});
    max_expanded_bytes = limit;
    same(grouped, 0, 50, 120, "two heads at a time");
  }
  return print("%ld rows the same bits in one piece, in parts, among others", compared);
}

std::string decodes_alike(const Case& c, const std::vector<Shape>& shapes, int length) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(23, c, s, length);
    for (const int position : {0, 63, 256, length - 1}) {
      if (position >= length) continue;
      const std::vector<float> alone = world.run({{0, position, position + 1, true}});
      const auto same = [&](const std::vector<float>& part, int from, const char* what) {
        expect_rows(world, part, from, 1, alone, 0, what);
        ++compared;
      };
      for (const auto& [before, count] : {std::pair{0, 2}, {1, 2}, {2, 3}, {1, 4}}) {
        const int begin = position - before, end = begin + count;
        if (begin >= 0 && end <= length) same(world.run({{0, begin, end, true}}), before, "among rows of its span");
      }
      same(world.run({{2, 0, 5}, {2, 64, 65, true}, {0, 5, 9, true}, {0, position, position + 1, true}, {1, 139, 140, true}}), 10,
           "among others");
      same(world.run({{0, position, position + 1, true}}, 1000), 0, "planned for later positions");
      const ContextSettings settings;
      context().multiprocessors = 1;
      same(world.run({{2, 63, 64, true}, {0, position, position + 1, true}}), 1, "on a smaller GPU");
      if (c.parts) continue;  // another kernel there
      context().compute_capability = 80;
      same(world.run({{2, 63, 64, true}, {0, position, position + 1, true}}), 1, "on an older GPU");
    }
  }
  return print("%ld rows the same bits alone, with others of their span, among other spans", compared);
}

double cosine_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return 1 - 2 * ab / (aa + bb);
}

// The same queries in both forms. Each rounds about six times (q, k or q', p, v or sum p c, ..) by up to 2^-9 relatively, 2^-9 /
// sqrt(3) on average: 1 - cos = half of the sum of squares, 6 * 2^-18 / 3 / 2 = 4e-6, and scores of size s multiply theirs by s.
std::string forms_agree(const Case& c, const std::vector<Shape>& shapes, double bound) {
  double worst = 0;
  for (const Shape& s : shapes) {
    const World world(25, c, s);
    const std::vector<float> expanded = world.run({{0, 150, 154}, {0, 166, 170}, {2, 61, 65}, {2, 0, 4}});
    const std::vector<float> absorbed = world.run({{0, 150, 154, true}, {0, 166, 170, true}, {2, 61, 65, true}, {2, 0, 4, true}});
    const double distance = cosine_distance(expanded, absorbed);
    expect(distance < bound, world.describe() + print(": the forms are %.3g apart", distance));
    worst = std::max(worst, distance);
  }
  return print("expanded and absorbed are %.2g apart (1 - cos)", worst);
}

// Expansion and attention, each by mma and by wgmma. Two heads at a time too, whose columns are not a tile's.
std::string kinds_agree(const std::vector<Shape>& shapes) {
  long compared = 0;
  for (const Shape& s : shapes) {
    const World world(27, kBF16, s, 330);
    const std::vector<Part> parts = {{0, 0, 20}, {1, 128, 140}, {0, 190, 330}, {2, 0, 65}};
    const std::vector<float> by_mma = [&] {
      const ContextSettings settings;
      context().wgmma = Wgmma::kNever;
      context().wgmma_attention = WgmmaAttention::kNever;
      return world.run(parts);
    }();
    for (const auto& [expansion, attention] : {std::pair{true, false}, {false, true}, {true, true}}) {
      const ContextSettings settings;
      context().wgmma = expansion ? Wgmma::kLargeBf16 : Wgmma::kNever;
      context().wgmma_attention = attention ? WgmmaAttention::kAlways : WgmmaAttention::kNever;
      const int64_t limit = attention ? max_expanded_bytes : 6 * 64 * (s.nope + s.rope + s.v) * 2 * 2;
      const int64_t before = std::exchange(max_expanded_bytes, limit);
      const std::vector<float> by_wgmma = world.run(parts);
      max_expanded_bytes = before;
      expect_same_bits(by_wgmma.data(), by_mma.data(), static_cast<int64_t>(by_mma.size()), world.describe() + " by wgmma");
      compared += static_cast<long>(by_mma.size());
    }
  }
  return print("%ld numbers have the same bits", compared);
}

// Prompts, two heads at a time, and decode spans of one step.
std::string converts_as_well() {
  const Shape s{4, 16, 8, 32, 32};
  const World world(28, kBF16, s);
  const std::vector<Part> parts = {{0, 90, 131}, {2, 64, 65, true}, {1, 128, 140}, {0, 166, 170, true}};
  StepSpans step(world.sequences, parts);
  const DeviceArray<float> q(gather(world.q, parts, world.q_width(), world.q_width())), y(step.rows() * world.y_width());
  const int64_t limit = std::exchange(max_expanded_bytes, 3 * 64 * (s.nope + s.rope + s.v) * 2 * 2);
  const LatentAttentionOp op = world.op(q.data(), world.q_width(), world.weight->weight(), world.latents->data(), step.device(), y.data(),
                                        world.y_width());
  expect_converted(op, y.data(), world.y_width(), step.rows(), world.y_width(), true, world.describe());
  max_expanded_bytes = limit;
  y.check(world.describe());
  return "rows of 128 columns";
}

// DeepSeek's widths have an instance of the kernel of their own.
std::string asks_the_gpu() {
  if (context().compute_capability != 90) return "this GPU has no wgmma";
  const ContextSettings settings;
  context().wgmma_attention = WgmmaAttention::kIfSame;
  context().wgmma_attends_alike = {};
  const char* name = nullptr;
  World(29, kBF16, kDeepSeek).run({{0, 127, 130}}, 0, &name);
  expect(std::string(name) == "wgmma" && context().wgmma_attends_alike[2] == true, std::string("ran on ") + name);
  return "128 + 64 and 128 columns";
}

std::string refuses() {
  const World world(26, kBF16, kTiny);
  StepSpans step(world.sequences, {{2, 0, 1}});
  LatentAttentionOp op = world.op(nullptr, 0, world.weight->weight(), world.latents->data(), step.device(), nullptr, 0);
  op.rank += 8;
  try {
    run_op(op);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  throw evalrun::test::Failure("a kv_b of another rank was accepted");
}

const Suite kSuite([] {
  add("latent_attention/mma agrees with the reference in both forms",
      [] { return agrees_with_reference({kBF16}, {kTiny, kOdd, kManyHeads, kDeepSeek}, "mma"); });
  add("latent_attention/simt agrees with the reference in both forms, whatever kv_b is stored as", [] {
    return agrees_with_reference({kF32,
                                  {Precision::kF32, DType::kF32, DType::kF8E4M3},
                                  {Precision::kF32, DType::kBF16, DType::kBF16},
                                  {Precision::kF32, DType::kF32, DType::kF16},
                                  {Precision::kBF16, DType::kBF16, DType::kBF16}},
                                 {{3, 7, 6, 5, 33}, {1, 1, 2, 1, 1}, {2, 12, 4, 68, 130}}, "simt");
  });
  add("latent_attention/mma in parts agrees with the reference in both forms, whatever kv_b is stored as", [] {
    return agrees_with_reference({kParts}, {kTiny, kOdd, kManyHeads, kDeepSeek}, kernel_in_parts()) + "; " +
           agrees_with_reference({{Precision::kF32, DType::kF32, DType::kF32, true}}, {kOdd}, kernel_in_parts()) + "; " +
           agrees_with_reference({{Precision::kF32, DType::kF32, DType::kBF16, true},
                                  {Precision::kF32, DType::kF32, DType::kF16, true}},
                                 {kTiny}, kernel_in_parts());
  });
  add("latent_attention/simt takes in float32 what tiles of parts cannot",
      [] { return agrees_with_reference({kParts}, {{2, 12, 4, 68, 130}}, "simt"); });
  add("latent_attention takes either form in float32 in parts where the other's tiles do not fit", [] {
    const char* kernel = decodes_in_parts() ? "mma in parts, simt" : "simt";
    const std::string wide = agrees_with_reference({kParts}, {{2, 32, 16, 136, 64}}, kernel);
    const ContextSettings settings;
    context().compute_capability = 80;
    return wide + "; " + agrees_with_reference({kParts}, {kOdd}, kernel_in_parts());
  });
  add("latent_attention/mma combines the splits of long contexts", [] { return combines_splits(kBF16, "mma", 1.7e-3 * 2); });
  add("latent_attention/mma is as right with splits of other lengths", splits_as_asked);
  add("latent_attention/mma in parts combines the splits of long contexts", [] { return combines_splits(kParts, kernel_in_parts(), 2e-6); });
  add("latent_attention/mma gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return is_cut_invariant(kBF16, {kOdd}); });
  add("latent_attention/wgmma agrees with the reference",
      [] { return by_wgmma_attention([] { return agrees_with_reference({kBF16}, {kOdd, kManyHeads, kDeepSeek}, "wgmma"); }); });
  add("latent_attention/wgmma gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return by_wgmma_attention([] { return is_cut_invariant(kBF16, {{3, 24, 40, 72, 128}}); }); });
  add("latent_attention/wgmma gives the bits of mma",
      [] { return by_wgmma_attention([] { return kinds_agree({kManyHeads, {3, 24, 40, 72, 128}, kDeepSeek}); }); });
  add("latent_attention/mma in parts gives a prompt's row the same bits however it is cut, packed or shared", [] {
    return is_cut_invariant(kParts, {kOdd}) + "; " + is_cut_invariant({Precision::kF32, DType::kF32, DType::kBF16, true}, {kTiny});
  });
  add("latent_attention/simt gives a prompt's row the same bits however it is cut, packed or shared",
      [] { return is_cut_invariant(kF32, {{3, 7, 6, 5, 33}}); });
  add("latent_attention/mma gives a decoded row the same bits alone and in any company",
      [] { return decodes_alike(kBF16, {kManyHeads}, 300); });
  add("latent_attention/mma in parts gives a decoded row the same bits alone and in any company",
      [] { return decodes_alike(kParts, {kManyHeads}, 300); });
  add("latent_attention/simt gives a decoded row the same bits alone and in any company",
      [] { return decodes_alike(kF32, {{3, 7, 6, 5, 33}}, 261); });
  add("latent_attention/mma computes the same in expanded and absorbed form, up to bfloat16",
      [] { return forms_agree(kBF16, {kTiny, kOdd, kDeepSeek}, 1e-5); });
  add("latent_attention/simt computes the same in expanded and absorbed form",
      [] { return forms_agree(kF32, {{3, 7, 6, 5, 33}, {2, 32, 16, 24, 64}}, 1e-11); });
  add("latent_attention/mma in parts computes the same in expanded and absorbed form",
      [] { return forms_agree(kParts, {kTiny, kOdd}, 1e-11); });
  add("latent_attention leaves its rows as a product wants them", converts_as_well);
  add("latent_attention/wgmma is taken where the GPU gives the bits of mma", asks_the_gpu);
  add("latent_attention refuses a kv_b of another rank", refuses);
});

}  // namespace
}  // namespace evalrun::cuda::test

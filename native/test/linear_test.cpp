// LinearOp and GroupedLinearOp: every kernel against the reference over awkward shapes, and bit for bit against itself
// over batch sizes, orders and thread counts.
#include "cpu/reference/linear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cpu/packed_weight.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

struct Case {
  Precision precision;
  DType dtype;
  bool compact = false;
};

const Case kCases[] = {{Precision::kF32, DType::kF32},   {Precision::kF32, DType::kBF16},
                       {Precision::kF32, DType::kF16},   {Precision::kF32, DType::kF8E4M3},
                       {Precision::kBF16, DType::kBF16}, {Precision::kBF16, DType::kBF16, true},
                       {Precision::kFP8, DType::kF8E4M3}};

StoredWeight stored_weight(Random& random, const Case& c, int64_t rows, int64_t columns, size_t gap = 0) {
  StoredWeight weight(random, c.dtype, rows, columns, gap);
  return c.compact ? std::move(weight).compact() : std::move(weight);
}

struct Shape {
  int rows;
  int64_t outputs, columns;
};

// 1; odd; one less and one more than every tile and block; many rows.
const Shape kShapes[] = {{1, 1, 1},  {1, 7, 127},   {2, 6, 128},   {3, 130, 129}, {4, 13, 300}, {5, 257, 64},
                         {7, 5, 31}, {17, 12, 512}, {33, 131, 33}, {70, 19, 15},  {2, 1, 2048}, {70, 127, 96}, {7, 70, 4099},
                        // Several panels and blocks of rows at once, and columns in several chunks.
                        {150, 1100, 40}, {140, 70, 2200}};

std::string describe(const Case& c, const Shape& s) {
  return print("%s, weight %s%s, rows %d, N %ld, K %ld", name_of(c.precision), name_of(c.dtype), c.compact ? " compact" : "", s.rows,
               static_cast<long>(s.outputs), static_cast<long>(s.columns));
}

// Roundings in the longest chain of additions. Where lanes run along K, a lane adds at least every eighth column, and a
// tree of at most ten levels the lanes; where lanes are outputs, one chain adds all columns, or 128 of them in FP8.
double chain_of(const char* kernel, const Weight& w, Precision precision) {
  const double columns = static_cast<double>(w.columns);
  if (std::string(kernel).find("-packed") == std::string::npos) return columns / 8 + 10;
  return precision == Precision::kFP8 ? std::min(columns, static_cast<double>(kQuantBlock)) : columns;
}

// What rounding can do to a sum of K products: each partial sum is at most sum |x w|. FP8 adds two roundings for each
// block of 128 columns.
double bound_of(const Operand& x, const Weight& w, int64_t n, Precision precision, double chain) {
  const int64_t blocks = (w.columns + kQuantBlock - 1) / kQuantBlock;
  double magnitude = 0;
  for (int64_t k = 0; k < w.columns; ++k) {
    const double product = precision == Precision::kFP8 ? static_cast<double>(x.values[k]) * x.scales[k / kQuantBlock] *
                                                              load_element(w.data, w.dtype, n * w.columns + k) *
                                                              w.scale[n / kQuantBlock * blocks + k / kQuantBlock]
                                                        : static_cast<double>(x.values[k]) * load_weight(w, n, k);
    magnitude += std::fabs(product);
  }
  return magnitude * 0x1p-24 * (chain + 2 * static_cast<double>(blocks)) + 1e-37;
}

std::string agrees_with_reference(const Kernel<LinearOp>& kernel) {
  Random random(1);
  Comparison comparison;
  for (const Case& c : kCases) {
    for (const Shape& s : kShapes) {
      // The weight is unaligned, rows of x and y have gaps full of NaN, and pages that cannot be read follow all of
      // them.
      const StoredWeight stored = stored_weight(random, c, s.outputs, s.columns, random.below(4));
      const int64_t x_stride = s.columns + 3;
      const int64_t y_stride = s.outputs + 2;
      const GuardedBytes x(4 * ((s.rows - 1) * x_stride + s.columns));
      const GuardedBytes y(4 * ((s.rows - 1) * y_stride + s.outputs));
      for (int r = 0; r < s.rows; ++r) {
        for (int64_t k = 0; k < s.columns; ++k)
          x.floats()[r * x_stride + k] = random.normal() * (k % 7 == 0 ? 30.0f : 1.0f);
      }
      const std::vector<float> bias = random.normals(s.outputs);
      const LinearOp op{x.floats(),  x_stride, stored.weight(), s.rows % 2 == 0 ? bias.data() : nullptr,
                        c.precision, s.rows,   y.floats(),      y_stride};
      if (!kernel.accepts(op, cpu_features())) continue;
      kernel.run(op, pool(2));
      const std::string where = describe(c, s);
      y.check(where);
      for (int r = 0; r < s.rows; ++r) {
        const Operand operand = prepare_operand(x.floats() + r * x_stride, s.columns, c.precision);
        for (int64_t n = 0; n < s.outputs; ++n) {
          const float expected =
              dot_reference(operand, op.weight, n, c.precision) + (op.bias == nullptr ? 0.0f : op.bias[n]);
          const double bound = bound_of(operand, op.weight, n, c.precision, chain_of(kernel.name, op.weight, c.precision)) + std::fabs(expected) * 0x1p-23;
          comparison.add(y.floats()[r * y_stride + n], expected, bound,
                         [&] { return where + print(", row %d, output %ld", r, static_cast<long>(n)); });
        }
        for (int64_t n = s.outputs; r + 1 < s.rows && n < y_stride; ++n) {
          expect(float_to_bits(y.floats()[r * y_stride + n]) == 0xffffffffu, where + ": wrote between its rows");
        }
      }
    }
  }
  return comparison.summary();
}

std::string is_batch_invariant(const Kernel<LinearOp>& kernel) {
  Random random(2);
  long compared = 0;
  for (const Case& c : kCases) {
    for (const Shape& s : {Shape{70, 131, 300}, Shape{131, 7, 1100}, Shape{9, 97, 64}, Shape{1030, 13, 33}, Shape{150, 1100, 40}, Shape{140, 66, 2300}}) {
      const StoredWeight stored = stored_weight(random, c, s.outputs, s.columns, 1);
      const std::vector<float> x = random.normals(s.rows * s.columns);
      auto run = [&](const float* rows, int count, int threads) {
        std::vector<float> y(count * s.outputs);
        const LinearOp op{rows, s.columns, stored.weight(), nullptr, c.precision, count, y.data(), s.outputs};
        if (!kernel.accepts(op, cpu_features())) return std::vector<float>();
        kernel.run(op, pool(threads));
        return y;
      };
      const std::vector<float> together = run(x.data(), s.rows, 1);
      if (together.empty()) continue;
      const std::string where = describe(c, s);
      for (int threads : {2, 3}) {
        const std::vector<float> again = run(x.data(), s.rows, threads);
        expect_same_bits(again.data(), together.data(), together.size(), where + print(", %d threads", threads));
      }
      for (int begin = 0, size = 1; begin < s.rows; begin += size, size = size % 6 + 1) {
        size = std::min(size, s.rows - begin);
        const std::vector<float> part = run(x.data() + begin * s.columns, size, 2);
        expect_same_bits(part.data(), together.data() + begin * s.outputs, part.size(),
                         where + print(", %d rows alone", size));
      }
      std::vector<int> order(s.rows);
      std::iota(order.begin(), order.end(), 0);
      for (int i = s.rows - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
      std::vector<float> shuffled(x.size());
      for (int r = 0; r < s.rows; ++r)
        std::copy_n(x.data() + order[r] * s.columns, s.columns, shuffled.data() + r * s.columns);
      const std::vector<float> y = run(shuffled.data(), s.rows, 2);
      for (int r = 0; r < s.rows; ++r) {
        expect_same_bits(y.data() + r * s.outputs, together.data() + order[r] * s.outputs, s.outputs,
                         where + ", shuffled");
      }
      compared += s.rows;
    }
  }
  return print("%ld rows the same bits alone, in parts, shuffled, and with 1, 2 and 3 threads", compared);
}

// A row whose neighbours hold NaN and infinity, and a block of zeros.
std::string rows_do_not_leak(const Kernel<LinearOp>& kernel) {
  Random random(3);
  long compared = 0;
  for (const Case& c : kCases) {
    const Shape s{9, 20, 300};
    const StoredWeight stored = stored_weight(random, c, s.outputs, s.columns);
    std::vector<float> x = random.normals(s.rows * s.columns);
    std::fill_n(x.data() + 4 * s.columns + 128, 128, 0.0f);  // an all-zero group of FP8
    std::vector<float> clean(s.rows * s.outputs), dirty(clean.size());
    LinearOp op{x.data(), s.columns, stored.weight(), nullptr, c.precision, s.rows, clean.data(), s.outputs};
    if (!kernel.accepts(op, cpu_features())) continue;
    kernel.run(op, pool(2));
    x[3 * s.columns + 7] = NAN;
    x[5 * s.columns + 200] = INFINITY;
    op.y = dirty.data();
    kernel.run(op, pool(2));
    for (int r = 0; r < s.rows; ++r) {
      if (r == 3 || r == 5) continue;
      expect_same_bits(dirty.data() + r * s.outputs, clean.data() + r * s.outputs, s.outputs,
                       describe(c, s) + ", neighbour of NaN");
      ++compared;
    }
    for (int64_t n = 0; n < s.outputs; ++n) {
      expect(std::isnan(dirty[3 * s.outputs + n]), describe(c, s) + ": a NaN activation must give NaN");
      expect(std::isfinite(clean[4 * s.outputs + n]), describe(c, s) + ": a block of zeros must give a finite number");
    }
  }
  const std::vector<float> zeros(256, 0.0f);
  const StoredWeight stored(random, DType::kF8E4M3, 5, 256);
  float y[5];
  const LinearOp op{zeros.data(), 256, stored.weight(), nullptr, Precision::kFP8, 1, y, 5};
  if (kernel.accepts(op, cpu_features())) {
    kernel.run(op, pool(1));
    for (float value : y) expect(value == 0, "a row of zeros in FP8 must give 0");
  }
  return print("%ld rows untouched by their neighbours", compared);
}

// A one-hot weight shows the quantised activations themselves. The row is full of values on the edge between two codes,
// where x / s and x * (1 / s) fall on different sides, so that only the division gives these codes.
std::string quantises_by_division(const Kernel<LinearOp>& kernel) {
  const int columns = 200;  // two groups, the second narrower
  std::vector<uint8_t> identity(columns * columns, 0);
  for (int i = 0; i < columns; ++i) identity[i * columns + i] = float_to_e4m3(1.0f);
  const std::vector<float> scale = {1.0f, 0.5f, 2.0f, 0.25f};
  Random random(5);
  std::vector<float> x;
  long edges = 0;
  for (const int width : {128, 72}) {
    const float amax = 3.0f + 0.37f * static_cast<float>(width % 7);
    const float s = amax / 448.0f;
    x.push_back(-amax);
    for (int i = 1; i < width; ++i) {
      float value = 0;
      for (int attempt = 0; attempt < 100000; ++attempt) {
        const int code = random.below(0x7d);
        const float middle =
            (e4m3_to_float(static_cast<uint8_t>(code)) + e4m3_to_float(static_cast<uint8_t>(code + 1))) / 2;
        value = bits_to_float(float_to_bits(middle * s) + static_cast<uint32_t>(random.below(3)) - 1);
        // By turns: quotients exactly in the middle, of which half must go up and half down; and quotients that the
        // reciprocal takes to another code.
        if (i % 2 == 0 ? value / s == middle : float_to_e4m3(value / s) != float_to_e4m3(value * (1.0f / s))) break;
      }
      edges += float_to_e4m3(value / s) != float_to_e4m3(value * (1.0f / s));
      x.push_back(i % 3 == 0 ? -value : value);
    }
  }
  expect(edges > 80, print("only %ld of the values are on an edge", edges));
  std::vector<float> y(columns);
  Weight weight{identity.data(), DType::kF8E4M3, columns, columns, scale.data()};
  const GuardedBytes packed(packed_weight_bytes(weight));
  for (int64_t panel = 0; panel < panels_of(columns); ++panel) {
    pack_panel(weight, panel, packed.data() + panel * panel_bytes(weight.dtype, columns));
  }
  weight.packed = packed.data();
  const LinearOp op{x.data(), columns, weight, nullptr, Precision::kFP8, 1, y.data(), columns};
  if (!kernel.accepts(op, cpu_features())) return "skipped: takes no FP8";
  kernel.run(op, pool(1));
  const Operand operand = prepare_operand(x.data(), columns, Precision::kFP8);
  for (int i = 0; i < columns; ++i) {
    const float activation_scale = std::fabs(x[i < 128 ? 0 : 128]) / 448.0f;
    const float code = e4m3_to_float(float_to_e4m3(x[i] / activation_scale));
    const float expected = code * (activation_scale * scale[i / 128 * 2 + i / 128]);
    expect(y[i] == expected, print("column %d: %.9g was quantised to %.9g, not %.9g", i, x[i], y[i], expected));
    expect(operand.values[i] == code,
           print("column %d: the reference quantised %.9g to %.9g", i, x[i], operand.values[i]));
  }
  return print("%ld values on an edge between two codes", edges);
}

// The kernel of another op that is of the same instruction set and layout.
template <class Op>
const Kernel<Op>& sibling(const std::string& op, const std::string& kernel) {
  for (const auto& candidate : Registry<Op>::instance().all()) {
    if (candidate.name == op + kernel.substr(kernel.find('/'))) return candidate;
  }
  throw Failure("no kernel of " + op + " beside " + kernel);
}

// All 256 codes, one an output: what is decoded is exact, and both NaN codes are NaN.
std::string reads_every_code(const Kernel<LinearOp>& kernel) {
  const int outputs = 256;
  std::vector<uint8_t> codes(outputs);
  std::iota(codes.begin(), codes.end(), 0);
  const std::vector<float> scale = {0.5f, 2.0f};
  Weight weight{codes.data(), DType::kF8E4M3, outputs, 1, scale.data()};
  const GuardedBytes packed(packed_weight_bytes(weight));
  for (int64_t panel = 0; panel < panels_of(outputs); ++panel) {
    pack_panel(weight, panel, packed.data() + panel * panel_bytes(weight.dtype, 1));
  }
  weight.packed = packed.data();
  for (int rows : {1, 40}) {
    const std::vector<float> x(rows, 448.0f);  // its own scale is 1
    std::vector<float> y(rows * outputs);
    const LinearOp op{x.data(), 1, weight, nullptr, Precision::kFP8, rows, y.data(), outputs};
    if (!kernel.accepts(op, cpu_features())) return "skipped: takes no FP8";
    kernel.run(op, pool(2));
    for (int i = 0; i < rows * outputs; ++i) {
      const float expected = 448.0f * e4m3_to_float(codes[i % outputs]) * scale[i % outputs / 128];
      const bool same = std::isnan(expected) ? std::isnan(y[i]) : y[i] == expected;
      expect(same, print("code %d of %d rows: %.9g, not %.9g", i % outputs, rows, y[i], expected));
    }
  }
  return "256 codes";
}

// A few weights of all magnitudes among many of a normal distribution; or all of them so small that few exponents are below.
StoredWeight with_exceptions(Random& random, int64_t rows, int64_t columns, bool tiny) {
  StoredWeight weight(random, DType::kBF16, rows, columns);
  for (int64_t i = 0; tiny && i < rows * columns; ++i) store_element(weight.bytes.data(), DType::kBF16, i, 1e-35f * random.normal());
  const float magnitudes[] = {0, -0.0f, 1e-39f, -3e-39f, 1e-30f, -1e-12f, -12, 30};
  for (int64_t i = 0; i < rows * columns; ++i) {
    if (!tiny && random.below(700) == 0) store_element(weight.bytes.data(), DType::kBF16, i, magnitudes[random.below(8)]);
  }
  for (int64_t panel = 0; weight.packed != nullptr && panel < panels_of(rows); ++panel) {
    pack_panel(weight.weight(), panel, weight.packed->data() + panel * panel_bytes(DType::kBF16, columns));
  }
  return weight;
}

std::string compact_panels_change_no_bit(const Kernel<LinearOp>& kernel) {
  Random random(8);
  long compared = 0;
  for (const Shape& s : {Shape{1, 70, 4100}, Shape{16, 300, 64}, Shape{17, 130, 96}, Shape{40, 257, 2100}, Shape{1030, 64, 33}}) {
    StoredWeight stored = with_exceptions(random, s.outputs, s.columns, s.rows == 16);
    const std::vector<float> x = random.normals(s.rows * s.columns);
    std::vector<float> plain(s.rows * s.outputs), compact(plain.size());
    LinearOp op{x.data(), s.columns, stored.weight(), nullptr, Precision::kBF16, s.rows, plain.data(), s.outputs};
    if (!kernel.accepts(op, cpu_features())) return "skipped: takes no bfloat16";
    kernel.run(op, pool(2));
    const StoredWeight again = std::move(stored).compact();
    op.weight = again.weight();
    op.y = compact.data();
    const bool packed = std::string(kernel.name).find("-packed") != std::string::npos;
    if (!packed || !op.weight.compact || !kernel.accepts(op, cpu_features())) return "skipped: reads no compact panels";
    kernel.run(op, pool(2));
    expect_same_bits(compact.data(), plain.data(), plain.size(), describe({Precision::kBF16, DType::kBF16, true}, s));
    compared += s.rows;
  }
  return print("%ld rows the same bits", compared);
}

std::string grouped_equals_linear(const Kernel<GroupedLinearOp>& kernel) {
  Random random(4);
  const Kernel<LinearOp>* linear = &sibling<LinearOp>("linear", kernel.name);
  long compared = 0;
  for (const Case& c : kCases) {
    for (bool gather : {true, false}) {
      const int experts = 7, rows = 23, per_token = 3;
      const int64_t outputs = 141, columns = 259;
      std::vector<StoredWeight> stored;
      std::vector<Weight> weights;
      for (int e = 0; e < experts; ++e) stored.push_back(stored_weight(random, c, outputs, columns, e % 2));
      for (const StoredWeight& w : stored) weights.push_back(w.weight());
      // Expert 2 gets nothing, expert 5 gets every row.
      std::vector<int32_t> order, offsets{0};
      std::vector<std::vector<int32_t>> of_expert(experts);
      for (int r = 0; r < rows; ++r) {
        of_expert[5].push_back(r * per_token);
        const int second = r % 2;
        of_expert[second].push_back(r * per_token + 1);
        of_expert[r % 3 == 0 ? 6 : 3 + second].push_back(r * per_token + 2);
      }
      for (const auto& list : of_expert) {
        order.insert(order.end(), list.begin(), list.end());
        offsets.push_back(static_cast<int32_t>(order.size()));
      }
      const int slots = static_cast<int>(order.size());
      const std::vector<float> x = random.normals((gather ? rows : slots) * columns);
      const GuardedBytes y(4 * slots * outputs);
      const GroupedLinearOp op{x.data(), weights.data(), experts, order.data(), offsets.data(),
                               slots,    per_token,      gather,  c.precision,  y.floats()};
      if (!kernel.accepts(op, cpu_features())) continue;
      for (int threads : {1, 2, 3}) {
        kernel.run(op, pool(threads));
        y.check(name_of(c.dtype));
        for (int e = 0; e < experts; ++e) {
          for (int slot = offsets[e]; slot < offsets[e + 1]; ++slot) {
            const float* row = x.data() + static_cast<int64_t>(gather ? order[slot] / per_token : slot) * columns;
            std::vector<float> alone(outputs);
            linear->run({row, columns, weights[e], nullptr, c.precision, 1, alone.data(), outputs}, pool(1));
            expect_same_bits(
                y.floats() + slot * outputs, alone.data(), outputs,
                print("%s, weight %s, expert %d, slot %d", name_of(c.precision), name_of(c.dtype), e, slot));
            ++compared;
          }
        }
      }
    }
  }
  return print("%ld rows the same bits as Linear", compared);
}

// silu(gate) * up of two products, by the kernels that the device would run one after the other.
void gate_rows(const std::vector<float>& gate, const std::vector<float>& up, int rows, int64_t columns, float* y) {
  const GatedActOp op{gate.data(), up.data(), rows, static_cast<int>(columns), y};
  Registry<GatedActOp>::instance().select(op, cpu_features(), false).run(op, pool(1));
}

std::string gated_equals_linear(const Kernel<GatedLinearOp>& kernel) {
  Random random(6);
  const Kernel<LinearOp>& linear = sibling<LinearOp>("linear", kernel.name);
  long compared = 0;
  for (const Case& c : kCases) {
    for (const Shape& s : {Shape{1, 70, 40}, Shape{150, 67, 300}, Shape{37, 2100, 40}}) {
      const StoredWeight gate = stored_weight(random, c, s.outputs, s.columns), up = stored_weight(random, c, s.outputs, s.columns);
      const std::vector<float> x = random.normals(s.rows * s.columns), bias = random.normals(s.outputs);
      std::vector<float> y(s.rows * s.outputs), work(y.size()), gates(y.size()), ups(y.size()), expected(y.size());
      const float* gate_bias = s.rows % 2 == 0 ? bias.data() : nullptr;
      const GatedLinearOp op{{x.data(), s.columns, gate.weight(), gate_bias, c.precision, s.rows, y.data(), s.outputs},
                             {x.data(), s.columns, up.weight(), nullptr, c.precision, s.rows, work.data(), s.outputs}};
      if (!kernel.accepts(op, cpu_features())) continue;
      LinearOp alone = op.gate;
      alone.y = gates.data();
      linear.run(alone, pool(2));
      alone = op.up;
      alone.y = ups.data();
      linear.run(alone, pool(2));
      gate_rows(gates, ups, s.rows, s.outputs, expected.data());
      for (int threads : {1, 3}) {
        std::fill(y.begin(), y.end(), NAN);
        kernel.run(op, pool(threads));
        expect_same_bits(y.data(), expected.data(), y.size(), describe(c, s));
      }
      compared += s.rows;
    }
  }
  return print("%ld rows the same bits as both products and the activation", compared);
}

std::string grouped_gated_equals_grouped(const Kernel<GroupedGatedLinearOp>& kernel) {
  Random random(7);
  const Kernel<GroupedLinearOp>& linear = sibling<GroupedLinearOp>("grouped_linear", kernel.name);
  const int experts = 4, per_token = 2, rows = 160;
  const int64_t outputs = 141, columns = 259;
  // Expert 2 gets nothing, expert 3 half of all slots: more rows than a block.
  std::vector<int32_t> order, offsets{0};
  for (int e = 0; e < experts; ++e) {
    for (int r = 0; r < rows; ++r) {
      if (e == 3) order.push_back(r * per_token);
      if (e == r % 2) order.push_back(r * per_token + 1);
    }
    offsets.push_back(static_cast<int32_t>(order.size()));
  }
  const int slots = static_cast<int>(order.size());
  long compared = 0;
  for (const Case& c : kCases) {
    std::vector<StoredWeight> stored;
    for (int e = 0; e < 2 * experts; ++e) stored.push_back(stored_weight(random, c, outputs, columns));
    std::vector<Weight> gates, ups;
    for (int e = 0; e < experts; ++e) {
      gates.push_back(stored[e].weight());
      ups.push_back(stored[experts + e].weight());
    }
    const std::vector<float> x = random.normals(rows * columns);
    std::vector<float> y(slots * outputs, NAN), work(y.size()), gate(y.size()), up(y.size()), expected(y.size());
    const auto grouped = [&](const std::vector<Weight>& weights, float* out) {
      return GroupedLinearOp{x.data(), weights.data(), experts, order.data(), offsets.data(), slots, per_token, true, c.precision, out};
    };
    const GroupedGatedLinearOp op{grouped(gates, y.data()), grouped(ups, work.data())};
    if (!kernel.accepts(op, cpu_features())) continue;
    linear.run(grouped(gates, gate.data()), pool(2));
    linear.run(grouped(ups, up.data()), pool(2));
    gate_rows(gate, up, slots, outputs, expected.data());
    for (int threads : {1, 3}) {
      kernel.run(op, pool(threads));
      expect_same_bits(y.data(), expected.data(), y.size(), name_of(c.dtype));
      compared += slots;
    }
  }
  return print("%ld rows the same bits as both products and the activation", compared);
}

const Suite kSuite([] {
  add_for_each_kernel<GatedLinearOp>("gives the bits of both products and the activation", Reference::kIncluded,
                                     gated_equals_linear);
  add_for_each_kernel<GroupedGatedLinearOp>("gives the bits of both products and the activation", Reference::kIncluded,
                                            grouped_gated_equals_grouped);
  add_for_each_kernel<LinearOp>("agrees with the reference over awkward shapes and unaligned weights",
                                Reference::kExcluded, agrees_with_reference);
  add_for_each_kernel<LinearOp>("gives a row the same bits in any batch, order and thread count", Reference::kIncluded,
                                is_batch_invariant);
  add_for_each_kernel<LinearOp>("keeps NaN, infinity and blocks of zeros in their own rows", Reference::kIncluded,
                                rows_do_not_leak);
  add_for_each_kernel<LinearOp>("quantises activations of FP8 by division, to the nearest even code",
                                Reference::kIncluded, quantises_by_division);
  add_for_each_kernel<LinearOp>("gives the bits of plain panels from compact ones", Reference::kExcluded, compact_panels_change_no_bit);
  add_for_each_kernel<LinearOp>("reads every code of FP8", Reference::kIncluded, reads_every_code);
  add_for_each_kernel<GroupedLinearOp>("gives each row the bits of Linear with its expert, gathered or not",
                                       Reference::kIncluded, grouped_equals_linear);
});

}  // namespace
}  // namespace evalrun::test

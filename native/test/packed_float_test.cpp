// The template of packed_float.h over lanes that are a plain array, so that every width and tile runs on every CPU: bit for bit against
// one chain of additions for each output.
#include "cpu/packed_float.h"

#include <cmath>

#include "cpu/reference/linear.h"
#include "test/plain_lanes.h"
#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

struct Shape {
  int rows;
  int64_t outputs, columns;
};

// Tiles of every height, above and below the rows that share what is widened; outputs that fill no panel, no vector, and one more;
// columns that are odd, of one chunk and of several.
const Shape kShapes[] = {{1, 64, 64},  {2, 3, 129},    {3, 64, 33},  {4, 17, 512}, {5, 40, 1},   {6, 63, 200},
                         {7, 16, 640}, {11, 64, 257},  {12, 9, 513}, {13, 64, 90}, {25, 33, 66}, {49, 64, 1100},
                         {61, 31, 515}};

float widened(const Weight& weight, int64_t n, int64_t k) { return load_element(weight.data, weight.dtype, n * weight.columns + k); }

// y of one row and output, as packed_float.h says.
float chain(const Operand& x, const Weight& weight, int64_t n, const float* bias) {
  const int64_t blocks = (weight.columns + kQuantBlock - 1) / kQuantBlock;
  float y = 0;
  if (weight.dtype == DType::kF8E4M3) {
    for (int64_t block = 0; block < blocks; ++block) {
      float sum = 0;
      for (int64_t k = block * kQuantBlock; k < std::min((block + 1) * kQuantBlock, weight.columns); ++k) {
        sum = std::fma(x.values[k], widened(weight, n, k), sum);
      }
      y = std::fma(sum, x.scales[block] * weight.scale[n / kQuantBlock * blocks + block], y);
    }
  } else {
    for (int64_t k = 0; k < weight.columns; ++k) y = std::fma(x.values[k], widened(weight, n, k), y);
  }
  return bias == nullptr ? y : y + bias[n];
}

template <int kLanes, Precision kPrecision, int kTileRows>
void compare(Random& random, const Shape& s, long& compared) {
  const PanelKernels kernels = FloatPanels<PlainLanes<kLanes>, kPrecision == Precision::kFP8, kTileRows, 2>::kernels(nullptr, nullptr);
  const DType dtype = kPrecision == Precision::kFP8 ? DType::kF8E4M3 : DType::kBF16;
  const StoredWeight stored(random, dtype, s.outputs, s.columns);
  const GuardedBytes panel(static_cast<size_t>(panel_bytes(dtype, s.columns)));
  Weight weight = stored.weight();
  pack_panel(weight, 0, panel.data());
  weight.packed = panel.data();
  const std::vector<float> bias = random.normals(s.outputs);
  const GuardedBytes group(kernels.group_bytes(s.columns, s.rows));
  const GuardedBytes y(static_cast<size_t>(s.rows * s.outputs * 4));
  std::vector<Operand> operands;
  std::vector<float*> outputs;
  const size_t padded = round_up(static_cast<size_t>(s.columns), 16);
  for (int r = 0; r < s.rows; ++r) {
    operands.push_back(prepare_operand(random.normals(s.columns).data(), s.columns, kPrecision));
    std::vector<float> converted(operands[r].values.begin(), operands[r].values.end());
    converted.resize(padded);
    converted.insert(converted.end(), operands[r].scales.begin(), operands[r].scales.end());
    kernels.place(converted.data(), s.columns, r, s.rows, group.data());
    outputs.push_back(y.floats() + r * s.outputs);
  }
  std::vector<char> scratch(kPanelScratchBytes);
  // Rows in two products, as threads cut them.
  const int half = s.rows / 2 / kPanelRowTile * kPanelRowTile;
  for (const auto& [first, count] : {std::pair{0, half}, std::pair{half, s.rows - half}}) {
    if (count == 0) continue;
    kernels.multiply({&weight, 0, s.outputs, group.data(), s.rows, first, count, outputs.data() + first, bias.data(), scratch.data()});
  }
  const std::string where = print("%d lanes, %s, rows %d, N %ld, K %ld", kLanes, name_of(kPrecision), s.rows, static_cast<long>(s.outputs),
                                  static_cast<long>(s.columns));
  y.check(where);
  for (int r = 0; r < s.rows; ++r) {
    for (int64_t n = 0; n < s.outputs; ++n, ++compared) {
      expect(float_to_bits(outputs[r][n]) == float_to_bits(chain(operands[r], weight, n, bias.data())),
             where + print(", row %d, output %ld", r, static_cast<long>(n)));
    }
  }
}

std::string one_chain_for_each_output() {
  Random random(8);
  long compared = 0;
  for (const Shape& s : kShapes) {
    compare<8, Precision::kF32, 6>(random, s, compared);
    compare<8, Precision::kBF16, 6>(random, s, compared);
    compare<8, Precision::kFP8, 6>(random, s, compared);
    compare<16, Precision::kF32, 12>(random, s, compared);
    compare<16, Precision::kBF16, 12>(random, s, compared);
    compare<16, Precision::kFP8, 12>(random, s, compared);
  }
  return print("%ld values", compared);
}

const Suite kSuite([] { add("float32 products of panels are one chain of additions for each output", one_chain_for_each_output); });

}  // namespace
}  // namespace evalrun::test

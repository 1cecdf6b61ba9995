// Dot products of dot_kernels.h with AMX: a weight's rows are turned into panels where they are used. Rows are packed as
// for vdpbf16ps, so that operands are the same bits.
#include "cpu/dot_kernels.h"
#include "cpu/panel_amx.h"
#include "cpu/transpose_amx.h"

namespace evalrun {
namespace {

constexpr int kOutputs = kPanelTiles * kTileRows;
// Row tiles whose sums are held at a time.
constexpr int kSumTiles = 8;
const DotKernels& rows_kernels() { return kDotAvx512Bf16[static_cast<int>(Precision::kBF16)]; }

size_t packed_bytes(int64_t columns) { return rows_kernels().packed_bytes(columns); }
void pack_row(const float* x, int64_t columns, void* packed) { rows_kernels().pack_row(x, columns, packed); }
void pack_weight_row(const Weight& weight, int64_t stride, int64_t n, void* packed) {
  rows_kernels().pack_weight_row(weight, stride, n, packed);
}

// A panel, the sums, and a tile of rows that lie at irregular distances.
size_t scratch_bytes(int64_t columns) {
  return steps_of(columns) * (kStepBytes + kTileBytes) + sizeof(float) * kSumTiles * kSums;
}

// The distance of all rows, or 0.
int64_t common_stride(const DotPanel& p) {
  if (p.row_count == 1) return kTileRowBytes;
  const auto at = [&](int r) { return static_cast<const char*>(p.rows[r]); };
  const int64_t stride = at(1) - at(0);
  for (int r = 2; r < p.row_count; ++r) {
    if (at(r) - at(r - 1) != stride) return 0;
  }
  return stride;
}

// Rows [first, first + count) times one panel, to y[r][n ...].
void multiply(const DotPanel& p, const TileView& a, int64_t tile, int first, int count, int64_t n, const char* panel, float* sums) {
  // Sums are made of whole tiles; those of rows that are not there are left.
  add_steps(a, tile, (count + kTileRows - 1) / kTileRows, 0, steps_of(p.weight.columns), panel, true, compact_sums(sums));
  const int64_t outputs = p.outputs - n;
  for (int v = 0; v < kPanelTiles && lanes_of(outputs, v) != 0; ++v) {
    const __mmask16 lanes = lanes_of(outputs, v);
    for (int r = 0; r < count; ++r) {
      __m512 value = _mm512_load_ps(sums_of(sums, r, v));
      if (p.bias != nullptr) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, p.bias + p.first_output + n + v * 16));
      _mm512_mask_storeu_ps(p.y[first + r] + n + v * 16, lanes, value);
    }
  }
}

void panel(const DotPanel& p) {
  const Tiles configured;
  const int64_t columns = p.weight.columns;
  const int64_t steps = steps_of(columns);
  char* weights = static_cast<char*>(p.scratch);
  char* gathered = weights + steps * kStepBytes;
  float* sums = reinterpret_cast<float*>(gathered + steps * kTileBytes);
  const int64_t stride = common_stride(p);
  const TileView regular{static_cast<const char*>(p.rows[0]), kTileRows * stride, kTileRowBytes, stride};
  const TileView copied{gathered, 0, kTileBytes, kTileRowBytes};
  for (int64_t n = 0; n < p.outputs; n += kOutputs) {
    for (int v = 0; v < kPanelTiles; ++v) {
      const int64_t first = n + v * kTileRows;
      const int64_t left = p.outputs - first;
      const int count = static_cast<int>(left <= 0 ? 0 : left < kTileRows ? left : kTileRows);
      rows_to_panel(static_cast<const char*>(p.weight.data) + (p.first_output + first) * p.weight_stride * 2,
                    p.weight_stride * 2, count, columns, weights + v * kTileRowBytes, kPairBytes);
    }
    for (int r = 0; r < p.row_count;) {
      const int left = p.row_count - r;
      if (stride != 0 && left >= kTileRows) {
        const int count = left < kSumTiles * kTileRows ? left / kTileRows * kTileRows : kSumTiles * kTileRows;
        multiply(p, regular, r / kTileRows, r, count, n, weights, sums);
        r += count;
        continue;
      }
      // Rows at irregular distances, and a tile that is not whole: nothing is read past the last row.
      const int count = left < kTileRows ? left : kTileRows;
      for (int i = 0; i < kTileRows; ++i) {
        const char* from = static_cast<const char*>(p.rows[r + (i < count ? i : 0)]);
        for (int64_t s = 0; s < steps; ++s) {
          _mm512_store_si512(gathered + s * kTileBytes + i * kTileRowBytes, _mm512_loadu_si512(from + s * kTileRowBytes));
        }
      }
      multiply(p, copied, 0, r, count, n, weights, sums);
      r += count;
    }
  }
}

}  // namespace

const DotKernels kDotAmx[2] = {{}, {kOutputs, packed_bytes, pack_row, pack_weight_row, DType::kBF16, kTileColumns, scratch_bytes, panel}};

}  // namespace evalrun

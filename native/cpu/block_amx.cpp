// Attention blocks of block_kernels.h with AMX. The block of keys or values is turned into a panel (panel_amx.h) of at most
// 128 inner indices and 64 columns at a time; the rows' operands and the sums are used where they are.
#include "cpu/block_kernels.h"
#include "cpu/panel_amx.h"

namespace evalrun {
namespace {

constexpr int kColumns = kPanelTiles * kTileRows;
constexpr int kInner = 128;
constexpr int kTiledRows = kMostTileRows;

const BlockKernels& vector_kernels() { return kBlockAvx512Bf16[static_cast<int>(Precision::kBF16)]; }

// Rows [begin, end) of B among [first, first + inner), 32 of its columns, interleaved by pairs; other rows are zeros. Returns
// whether all were finite.
bool columns_to_panel(const char* b, int64_t stride, int first, int inner, int begin, int end, __mmask32 columns, char* out) {
  // With quarters in this order, unpacking within 128 bits gives columns in order.
  const __m512i quarters = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  const __m512i magnitude = _mm512_set1_epi16(0x7fff), infinity = _mm512_set1_epi16(0x7f80);
  __mmask32 not_finite = 0;
  const auto row = [&](int i) {
    if (i < begin || i >= end) return _mm512_setzero_si512();
    const __m512i x = _mm512_maskz_loadu_epi16(columns, b + i * stride);
    not_finite |= _mm512_cmpge_epu16_mask(_mm512_and_si512(x, magnitude), infinity);
    return _mm512_permutexvar_epi64(quarters, x);
  };
  for (int i = 0; i < inner; i += 2, out += kPairBytes) {
    const __m512i even = row(first + i), odd = row(first + i + 1);
    _mm512_store_si512(out, _mm512_unpacklo_epi16(even, odd));
    _mm512_store_si512(out + kTileRowBytes, _mm512_unpackhi_epi16(even, odd));
  }
  return not_finite == 0;
}

// Rows [row, row + rows) and columns [column, column + 64), all rows over inner [begin, end). Returns false, having changed
// nothing, if B is not finite there and `finite_only`.
bool product_part(const BlockProduct& o, int row, int rows, int column, int begin, int end, bool finite_only) {
  alignas(64) static thread_local char panel[kInner / 2 * kPairBytes];
  const int64_t stride = o.b_stride * 2;
  const char* b = static_cast<const char*>(o.b) + column * 2;
  const TileView a{static_cast<const char*>(o.a) + row * o.a_stride, kTileRows * o.a_stride, kTileRowBytes, o.a_stride};
  float* c = o.c + row * o.c_stride + column;
  const SumView sums{c, kTileRows * o.c_stride, kTileRows, o.c_stride * 4};
  const int left = o.columns - column;
  const auto lanes = [&](int from) { return left - from >= 32 ? ~0u : left <= from ? 0u : (1u << (left - from)) - 1; };
  bool first = o.alpha == nullptr;
  // Tiles of 32 inner indices that no row needs are left out: they would add zero.
  for (int i = begin / kTileColumns * kTileColumns; i < end; i += kInner) {
    const int inner = (end - i + kTileColumns - 1) / kTileColumns * kTileColumns;
    const int some = inner < kInner ? inner : kInner;
    const bool finite = columns_to_panel(b, stride, i, some, begin, end, lanes(0), panel) &
                        columns_to_panel(b + 64, stride, i, some, begin, end, lanes(32), panel + 2 * kTileRowBytes);
    if (!finite && finite_only) return false;
    if (!first && i < begin + kTileColumns) {
      // An output starts from what was there, times its row's factor.
      for (int r = 0; r < rows; ++r) {
        const float alpha = o.alpha[row + r];
        if (alpha == 1) continue;
        for (int v = 0; v < kPanelTiles; ++v) {
          float* at = c + r * o.c_stride + v * kTileRows;
          _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), _mm512_set1_ps(alpha)));
        }
      }
    }
      const int whole = rows / kTileRows;
    if (whole > 0) {
      const Tiles configured(kTileRows);
      add_steps(a, 0, whole, i / kTileColumns, some / kTileColumns, panel, first, sums);
    }
    if (rows % kTileRows != 0) {
      const Tiles configured(rows % kTileRows);
      const SumView rest{sums.at(whole, 0), sums.tile, sums.output, sums.row_bytes};
      add_steps(a, whole, 1, i / kTileColumns, some / kTileColumns, panel, first, rest);
    }
    first = false;
  }
  return true;
}

void product(const BlockProduct& o) {
  int begin = 1 << 30, end = 0;
  bool equal = true;
  for (int r = 0; r < o.rows; ++r) {
    if (o.begin[r] < o.end[r]) {
      begin = o.begin[r] < begin ? o.begin[r] : begin;
      end = o.end[r] > end ? o.end[r] : end;
    }
    equal = equal && o.begin[r] == o.begin[0] && o.end[r] == o.end[0];
  }
  // Together: A is zero outside a row's range, and zero times anything finite is zero. Otherwise each row goes alone.
  const bool one_panel = end - begin / kTileColumns * kTileColumns <= kInner;
  for (int column = 0; column < o.columns; column += kColumns) {
    if ((equal || one_panel) && product_part(o, 0, o.rows, column, begin, end, !equal)) continue;
    for (int r = 0; r < o.rows; ++r) product_part(o, r, 1, column, o.begin[r], o.end[r], false);
  }
}

// Operands are read in tiles of 32.
void pack(const float* x, int n, void* out) {
  vector_kernels().pack(x, n, out);
  uint16_t* operands = static_cast<uint16_t*>(out);
  for (int i = (n + 1) / 2 * 2; i < (n + kTileColumns - 1) / kTileColumns * kTileColumns; ++i) operands[i] = 0;
}

void softmax(const BlockSoftmax& o) { vector_kernels().softmax(o); }
void divide(const float* x, float divisor, int n, float* y) { vector_kernels().divide(x, divisor, n, y); }
void store_bf16(const float* x, int n, uint16_t* y) { vector_kernels().store_bf16(x, n, y); }

}  // namespace

const BlockKernels kBlockAmx[2] = {{}, {kMostTileRows, kTileRows, 2, pack, product, softmax, divide, store_bf16}};

}  // namespace evalrun

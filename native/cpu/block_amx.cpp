// Attention blocks of block_kernels.h with AMX. The block of keys or values is turned into a panel (panel_amx.h) of at most
// 128 inner indices and 64 columns at a time; the rows' operands and the sums are used where they are.
#include <cstring>
#include <new>

#include "cpu/block_kernels.h"
#include "cpu/panel_amx.h"

namespace evalrun {
namespace {

constexpr int kColumns = kPanelTiles * kTileRows;
constexpr int kInner = 128;
// Rows whose queries, scores and sums stay in the first-level cache together.
constexpr int kWalkingRows = 32;

const BlockKernels& vector_kernels() { return kBlockAvx512Bf16[static_cast<int>(Precision::kBF16)]; }

// Rows [begin, end) of B among [first, first + inner), `columns` of them and zeros up to 64, interleaved by pairs; other rows
// are zeros. With kCheck, returns whether all were finite.
template <bool kCheck>
bool block_to_panel(const char* b, int64_t stride, int first, int inner, int begin, int end, int columns, char* out) {
  // With quarters in this order, unpacking within 128 bits gives columns in order.
  const __m512i quarters = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  const __m512i magnitude = _mm512_set1_epi16(0x7fff);
  const __mmask32 low = columns >= 32 ? ~0u : (1u << columns) - 1;
  const __mmask32 high = columns >= 64 ? ~0u : columns <= 32 ? 0u : (1u << (columns - 32)) - 1;
  __m512i largest = _mm512_setzero_si512();
  const auto load = [&](const char* at, __mmask32 mask) {
    const __m512i x = _mm512_maskz_loadu_epi16(mask, at);
    if constexpr (kCheck) largest = _mm512_max_epu16(largest, _mm512_and_si512(x, magnitude));
    return _mm512_permutexvar_epi64(quarters, x);
  };
  const auto store_pair = [&](__m512i even, __m512i odd, char* at) {
    _mm512_store_si512(at, _mm512_unpacklo_epi16(even, odd));
    _mm512_store_si512(at + kTileRowBytes, _mm512_unpackhi_epi16(even, odd));
  };
  for (int i = first; i < first + inner; i += 2, out += kPairBytes) {
    const char* at = b + i * stride;
    if (i >= begin && i + 1 < end) {
      store_pair(load(at, low), load(at + stride, low), out);
      store_pair(load(at + 64, high), load(at + stride + 64, high), out + 2 * kTileRowBytes);
      continue;
    }
    const bool even = i >= begin && i < end, odd = i + 1 >= begin && i + 1 < end;
    store_pair(load(even ? at : b, even ? low : 0), load(odd ? at + stride : b, odd ? low : 0), out);
    store_pair(load(even ? at + 64 : b, even ? high : 0), load(odd ? at + stride + 64 : b, odd ? high : 0),
               out + 2 * kTileRowBytes);
  }
  return !kCheck || _mm512_cmpge_epu16_mask(largest, _mm512_set1_epi16(0x7f80)) == 0;
}

// Panels of 64 columns, each of all inner indices and zeros up to a whole tile.
int64_t panel_of(int inner) { return (inner + kTileColumns - 1) / kTileColumns * static_cast<int64_t>(kStepBytes); }

// An output starts from what was there, times its row's factor.
void start(const BlockProduct& o, float* c, int row, int rows) {
  for (int r = 0; r < rows; ++r) {
    const float alpha = o.alpha[row + r];
    if (alpha == 1) continue;
    for (int v = 0; v < kPanelTiles; ++v) {
      float* at = c + r * o.c_stride + v * kTileRows;
      _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), _mm512_set1_ps(alpha)));
    }
  }
}

// All rows and columns [column, column + 64) over the whole inner range.
void arranged_part(const BlockProduct& o, int column) {
  float* c = o.c + column;
  if (o.alpha != nullptr) start(o, c, 0, o.rows);
  const TileView a{static_cast<const char*>(o.a), kTileRows * o.a_stride, kTileRowBytes, o.a_stride};
  const SumView sums{c, kTileRows * o.c_stride, kTileRows, o.c_stride * 4};
  const char* panel = static_cast<const char*>(o.arranged) + column / kColumns * panel_of(o.inner);
  add_steps(a, 0, (o.rows + kTileRows - 1) / kTileRows, 0, steps_of(o.inner), panel, o.alpha == nullptr, sums);
}

// Rows [row, row + rows) and columns [column, column + 64), all rows over inner [begin, end). With kFiniteOnly, returns
// false where B is not finite, having changed nothing if inner is within one panel.
template <bool kFiniteOnly>
bool product_part(const BlockProduct& o, int row, int rows, int column, int begin, int end) {
  alignas(64) static thread_local char panel[kInner / 2 * kPairBytes];
  const int64_t stride = o.b_stride * 2;
  const char* b = static_cast<const char*>(o.b) + column * 2;
  const TileView a{static_cast<const char*>(o.a) + row * o.a_stride, kTileRows * o.a_stride, kTileRowBytes, o.a_stride};
  float* c = o.c + row * o.c_stride + column;
  const SumView sums{c, kTileRows * o.c_stride, kTileRows, o.c_stride * 4};
  bool started = o.alpha == nullptr;
  // Tiles of 32 inner indices that no row needs are left out: they would add zero.
  for (int i = begin / kTileColumns * kTileColumns; i < end; i += kInner) {
    const int inner = (end - i + kTileColumns - 1) / kTileColumns * kTileColumns;
    const int some = inner < kInner ? inner : kInner;
    // Before the panel where that may be: what was stored is then there when tiles read it.
    const auto begin_sums = [&] {
      if (!started) start(o, c, row, rows);
      started = true;
    };
    if constexpr (!kFiniteOnly) begin_sums();
    if (!block_to_panel<kFiniteOnly>(b, stride, i, some, begin, end, o.columns - column, panel)) return false;
    begin_sums();
    const bool first = o.alpha == nullptr && i <= begin;
    add_steps(a, 0, (rows + kTileRows - 1) / kTileRows, i / kTileColumns, some / kTileColumns, panel, first, sums);
  }
  return true;
}

// A row by itself, in a tile of its own: its neighbours in memory are not to change.
void alone(const BlockProduct& o, int row, int column) {
  alignas(64) static thread_local float c[kTileRows * kColumns];
  float* at = o.c + row * o.c_stride + column;
  std::memcpy(c, at, sizeof(float) * kColumns);
  BlockProduct one = o;
  one.rows = 1;
  one.a = static_cast<const char*>(o.a) + row * o.a_stride;
  one.a_stride = 0;
  one.b = static_cast<const char*>(o.b) + column * 2;
  one.columns = o.columns - column < kColumns ? o.columns - column : kColumns;
  one.c = c;
  one.c_stride = kColumns;
  one.alpha = o.alpha == nullptr ? nullptr : o.alpha + row;
  product_part<false>(one, 0, 1, 0, o.begin[row], o.end[row]);
  std::memcpy(at, c, sizeof(float) * kColumns);
}

void product(const BlockProduct& o) {
  const Tiles configured;
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
    if (equal && o.arranged != nullptr && begin == 0 && end == o.inner) {
      arranged_part(o, column);
      continue;
    }
    if (equal && product_part<false>(o, 0, o.rows, column, begin, end)) continue;
    if (!equal && one_panel && product_part<true>(o, 0, o.rows, column, begin, end)) continue;
    for (int r = 0; r < o.rows; ++r) alone(o, r, column);
  }
}

size_t arranged_bytes(int inner, int columns) { return (columns + kColumns - 1) / kColumns * panel_of(inner); }

void arrange(const void* b, int64_t stride, int inner, int columns, void* out) {
  const int padded = (inner + kTileColumns - 1) / kTileColumns * kTileColumns;
  for (int column = 0; column < columns; column += kColumns) {
    block_to_panel<false>(static_cast<const char*>(b) + column * 2, stride * 2, 0, padded, 0, inner, columns - column,
                          static_cast<char*>(out) + column / kColumns * panel_of(inner));
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

// A configuration that outlives the functions between begin() and end().
alignas(Tiles) thread_local char work[sizeof(Tiles)];
void begin() { new (work) Tiles; }
void end() { reinterpret_cast<Tiles*>(work)->~Tiles(); }

}  // namespace

const BlockKernels kBlockAmx[2] = {
    {},
    {kWalkingRows, kTileRows, kTileRows, 2, pack, product, softmax, divide, store_bf16, arranged_bytes, arrange, begin, end}};

}  // namespace evalrun

// Products of packed_weight.h with vdpbf16ps: register tiles of 6 rows x 64 outputs.
// The instruction takes and gives denormal numbers as zero, as in dot_avx512bf16.cpp.
#include <cstring>

#include "cpu/dot_kernels.h"
#include "cpu/e4m3_avx512.h"
#include "cpu/inline.h"
#include "cpu/panel_kernels.h"
#include "cpu/row_kernels.h"
#include "cpu/simd_avx512.h"

namespace evalrun {
namespace {

constexpr int kTileRows = 6;
constexpr int kVectors = kPanelOutputs / 16;
// A vector of 16 outputs of one pair of columns.
constexpr int kVectorBytes = 64;
constexpr int kPairBytes = kVectors * kVectorBytes;
// A single row is bound by memory: what it will need is asked for this far ahead.
constexpr int kPrefetchBytes = 4096;

// A block of 128 columns of an FP8 product.
struct Fp8Block {
  int64_t index;
  int64_t begin;  // its first column
  int64_t pairs;
  size_t scales_at;  // where the scales are in a converted row
  float weight_scale;
  bool last;
};

// Two bfloat16 of a row in all lanes.
EVALRUN_INLINE __m512bh pair_of(const char* row, int64_t pair) {
  int32_t bits;
  std::memcpy(&bits, row + pair * 4, 4);
  return (__m512bh)_mm512_set1_epi32(bits);
}

// sum[r][v] += the pairs [begin, end) of the rows with the panel's; b points to pair `begin`.
template <int R, bool kPrefetch>
EVALRUN_INLINE void add_pairs(const char* const* rows, const char* b, int64_t begin, int64_t end,
                              __m512 (&sum)[R][kVectors]) {
  for (int64_t pair = begin; pair < end; ++pair, b += kPairBytes) {
    __m512bh w[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      w[v] = (__m512bh)_mm512_load_si512(b + v * kVectorBytes);
      if constexpr (kPrefetch) _mm_prefetch(b + v * kVectorBytes + kPrefetchBytes, _MM_HINT_T0);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512bh x = pair_of(rows[r], pair);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], x, w[v]);
    }
  }
}

EVALRUN_INLINE __mmask16 lanes_of(int64_t outputs, int vector) {
  const int64_t left = outputs - vector * 16;
  return left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}

// A group is its rows' addresses.
EVALRUN_INLINE const char* row_of(const PanelProduct& p, int row) {
  return static_cast<const char* const*>(p.group)[p.first_row + row];
}

template <int R>
void bf16_tile(const PanelProduct& p, int row, const char* b, int64_t begin, int64_t end, bool first, bool last) {
  __m512 sum[R][kVectors];
  const char* rows[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    rows[r] = row_of(p, row + r);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = first ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(lanes_of(p.outputs, v), p.y[row + r] + v * 16);
    }
  }
  add_pairs<R, R == 1>(rows, b, begin, end, sum);
  const bool biased = last && p.bias != nullptr;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __mmask16 lanes = lanes_of(p.outputs, v);
      __m512 value = sum[r][v];
      if (biased) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, p.bias + v * 16));
      _mm512_mask_storeu_ps(p.y[row + r] + v * 16, lanes, value);
    }
  }
}

// y (+)= one block of 128 columns, decoded to `b`, times its two scales.
template <int R>
void fp8_tile(const PanelProduct& p, int row, const char* b, const Fp8Block& block) {
  __m512 sum[R][kVectors];
  const char* rows[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    rows[r] = row_of(p, row + r) + block.begin * 2;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_setzero_ps();
  }
  add_pairs<R, false>(rows, b, 0, block.pairs, sum);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const float* scales = reinterpret_cast<const float*>(row_of(p, row + r) + block.scales_at);
    const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(scales[block.index]), _mm512_set1_ps(block.weight_scale));
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const __mmask16 lanes = lanes_of(p.outputs, v);
      float* y = p.y[row + r] + v * 16;
      const __m512 before = block.index == 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(lanes, y);
      __m512 value = _mm512_fmadd_ps(sum[r][v], factor, before);
      if (block.last && p.bias != nullptr) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, p.bias + v * 16));
      _mm512_mask_storeu_ps(y, lanes, value);
    }
  }
}

template <int R = kTileRows>
void pick_bf16(int rows, const PanelProduct& p, int row, const char* b, int64_t begin, int64_t end, bool first, bool last) {
  if (rows >= R) return bf16_tile<R>(p, row, b, begin, end, first, last);
  if constexpr (R > 1) pick_bf16<R - 1>(rows, p, row, b, begin, end, first, last);
}

template <int R = kTileRows>
void pick_fp8(int rows, const PanelProduct& p, int row, const char* b, const Fp8Block& block) {
  if (rows >= R) return fp8_tile<R>(p, row, b, block);
  if constexpr (R > 1) pick_fp8<R - 1>(rows, p, row, b, block);
}

void multiply_bf16(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const char* panel =
      static_cast<const char*>(p.weight->packed) + p.first_panel * panel_bytes(DType::kBF16, columns);
  for (int64_t begin = 0; begin < columns; begin += kPanelColumns) {
    const int64_t end = begin + kPanelColumns < columns ? begin + kPanelColumns : columns;
    const char* b = panel + begin / 2 * kPairBytes;
    for (int row = 0; row < p.row_count; row += kTileRows) {
      pick_bf16(p.row_count - row, p, row, b, begin / 2, (end + 1) / 2, begin == 0, end == columns);
    }
  }
}

void multiply_fp8(const PanelProduct& p) {
  const int64_t columns = p.weight->columns;
  const size_t scales_at = (columns + 31) / 32 * 64;  // behind the operands: dot_tile.h
  const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
  const char* codes =
      static_cast<const char*>(p.weight->packed) + p.first_panel * panel_bytes(DType::kF8E4M3, columns);
  const float* scales = p.weight->scale + p.first_panel * kPanelOutputs / kQuantBlock * blocks;
  char* b = static_cast<char*>(p.scratch);
  for (int64_t index = 0; index < blocks; ++index, codes += kQuantBlock * kPanelOutputs) {
    const int64_t begin = index * kQuantBlock;
    const int64_t width = columns - begin < kQuantBlock ? columns - begin : kQuantBlock;
    const int64_t pairs = (width + 1) / 2;
    for (int64_t i = 0; i < pairs * kVectors; ++i) {
      const __m256i source = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + i * 32));
      _mm_prefetch(codes + i * 32 + kPrefetchBytes, _MM_HINT_T0);
      _mm512_store_si512(b + i * kVectorBytes, e4m3_to_bf16(source));
    }
    const Fp8Block block{index, begin, pairs, scales_at, scales[index], index + 1 == blocks};
    for (int row = 0; row < p.row_count; row += kTileRows) pick_fp8(p.row_count - row, p, row, b, block);
  }
}

size_t group_bytes(int64_t, int rows) { return sizeof(void*) * rows; }

void place(const void* converted, int64_t, int row, int, void* group) { static_cast<const void**>(group)[row] = converted; }

}  // namespace

const PanelKernels kPanelAvx512Bf16[3] = {
    {},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kBF16)], &kRowAvx512, group_bytes, place, false, 1, multiply_bf16, nullptr},
    {&kDotAvx512Bf16[static_cast<int>(Precision::kFP8)], &kRowAvx512, group_bytes, place, false, 1, multiply_fp8, nullptr},
};

}  // namespace evalrun

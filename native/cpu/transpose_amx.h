// Rows of bfloat16 as the operand panels of panel_amx.h. Included by files compiled for AMX.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "cpu/inline.h"

namespace evalrun {

// out[i][j] = in[j][i] of 16 x 16 32-bit elements; rows of out are `stride` bytes apart.
EVALRUN_INLINE void transpose_16x16(const __m512i (&in)[16], char* out, int64_t stride) {
  __m512i a[16], b[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(in[i], in[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(in[i], in[i + 1]);
  }
  // b[4 g + c]: column c of every group of four, rows 4 g to 4 g + 3.
#pragma GCC unroll 4
  for (int g = 0; g < 16; g += 4) {
    b[g] = _mm512_unpacklo_epi64(a[g], a[g + 2]);
    b[g + 1] = _mm512_unpackhi_epi64(a[g], a[g + 2]);
    b[g + 2] = _mm512_unpacklo_epi64(a[g + 1], a[g + 3]);
    b[g + 3] = _mm512_unpackhi_epi64(a[g + 1], a[g + 3]);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const __m512i low02 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0x88), low13 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0xdd);
    const __m512i high02 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0x88),
                  high13 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0xdd);
    _mm512_store_si512(out + c * stride, _mm512_shuffle_i32x4(low02, high02, 0x88));
    _mm512_store_si512(out + (4 + c) * stride, _mm512_shuffle_i32x4(low13, high13, 0x88));
    _mm512_store_si512(out + (8 + c) * stride, _mm512_shuffle_i32x4(low02, high02, 0xdd));
    _mm512_store_si512(out + (12 + c) * stride, _mm512_shuffle_i32x4(low13, high13, 0xdd));
  }
}

// Rows of `columns` bfloat16, `stride` bytes apart, become 16 outputs of a panel: out[pair][output][2], pairs `out_stride`
// bytes apart and padded with zeros to 16 of them. Rows past `rows` are zeros.
inline void rows_to_panel(const char* from, int64_t stride, int rows, int64_t columns, char* out, int64_t out_stride) {
  for (int64_t k = 0; k < columns; k += 32) {
    const __mmask32 present = columns - k >= 32 ? ~0u : (1u << (columns - k)) - 1;
    __m512i in[16];
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) {
      in[r] = r < rows ? _mm512_maskz_loadu_epi16(present, from + r * stride + k * 2) : _mm512_setzero_si512();
    }
    transpose_16x16(in, out + k / 2 * out_stride, out_stride);
  }
}

}  // namespace evalrun

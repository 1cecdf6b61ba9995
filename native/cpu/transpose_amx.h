// Rows of bfloat16 as the operand panels of panel_amx.h. Included by files compiled for AMX.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "cpu/transpose_avx512.h"

namespace evalrun {

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
    transpose_16x16(in);
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) _mm512_store_si512(out + (k / 2 + i) * out_stride, in[i]);
  }
}

}  // namespace evalrun

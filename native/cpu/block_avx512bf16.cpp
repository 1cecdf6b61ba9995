// Attention blocks of block_kernels.h with vdpbf16ps: two inner indices at a time.
#include "cpu/block_tile.h"
#include "cpu/simd_avx512.h"

namespace evalrun {
namespace {

// A column group is 32 columns of two rows of B, interleaved within each quarter of the register: the low half holds
// columns 0-3 8-11 16-19 24-27 of the pair, the high half the others. Sums are put back in order where they are stored.
struct PairBlock {
  using V = Avx512;
  using Element = uint16_t;
  using Operand = __m512bh;
  static constexpr int kRows = 6;
  static constexpr int kGroups = 2;
  static constexpr int kGroup = 32;
  static constexpr int kVectors = 2;
  static constexpr int kPair = 2;

  template <DType, int v>
  EVALRUN_INLINE static __m512bh load(const char* b, int64_t stride, int count, bool first, bool second) {
    const __mmask32 columns = count == kGroup ? ~0u : (1u << count) - 1;
    const __m512i even = _mm512_maskz_loadu_epi16(first ? columns : 0, b);
    const __m512i odd = _mm512_maskz_loadu_epi16(second ? columns : 0, b + stride);
    return (__m512bh)(v == 0 ? _mm512_unpacklo_epi16(even, odd) : _mm512_unpackhi_epi16(even, odd));
  }
  EVALRUN_INLINE static __m512bh broadcast(const uint16_t* a) {
    int32_t pair;
    __builtin_memcpy(&pair, a, 4);
    return (__m512bh)_mm512_set1_epi32(pair);
  }
  EVALRUN_INLINE static __m512 multiply_add(__m512 sum, __m512bh a, __m512bh b) { return _mm512_dpbf16_ps(sum, a, b); }
  template <int v>
  EVALRUN_INLINE static __m512 from_order(__m512 x, __m512 y) {
    const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    return _mm512_permutex2var_ps(x, _mm512_add_epi32(low, _mm512_set1_epi32(4 * v)), y);
  }
  template <int v>
  EVALRUN_INLINE static __m512 to_order(__m512 x, __m512 y) {
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    return _mm512_permutex2var_ps(x, _mm512_add_epi32(first, _mm512_set1_epi32(8 * v)), y);
  }
  EVALRUN_INLINE static void store_operand(uint16_t* out, __m512 x) {
    // Takes denormal numbers as zero, as the products do.
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), (__m256i)_mm512_cvtneps_pbh(x));
  }
};

constexpr int kGroupRows = 16;
constexpr int kVectors = kPageTokens / Avx512::kLanes;

// Lane i of the result is `join` over all lanes of rows[i], in one fixed tree.
template <class Join>
EVALRUN_INLINE __m512 reduce_rows(__m512 (&rows)[kGroupRows], const Join& join) {
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    rows[i] = join(_mm512_unpacklo_ps(rows[i], rows[i + 8]), _mm512_unpackhi_ps(rows[i], rows[i + 8]));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    rows[i] = join(_mm512_unpacklo_ps(rows[i], rows[i + 4]), _mm512_unpackhi_ps(rows[i], rows[i + 4]));
  }
  // Each 128 bits of rows[i] are now parts of rows i, i + 4, i + 8 and i + 12.
  const auto fold = [&](__m512 a, __m512 b) { return join(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd)); };
  const __m512 all = fold(fold(rows[0], rows[1]), fold(rows[2], rows[3]));
  return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), all);
}

EVALRUN_INLINE __mmask16 keys_of(const BlockSoftmax& o, int r, int v) {
  const int begin = o.begin[r] - v * Avx512::kLanes, end = o.end[r] - v * Avx512::kLanes;
  const auto below = [](int n) { return n <= 0 ? 0u : n >= 16 ? 0xffffu : (1u << n) - 1; };
  return static_cast<__mmask16>(below(end) & ~below(begin));
}

// Rows [first, first + rows), at most 16 of them, whose maxima and sums are taken together. In base 2, in whose unit the running
// maximum is, too.
void softmax_rows(const BlockSoftmax& o, int first, int rows) {
  const __m512 unit = _mm512_set1_ps(o.scale * kLog2E);
  const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
  const __mmask16 present = static_cast<__mmask16>((1u << rows) - 1);
  const auto score = [&](int r, int v) { return _mm512_mul_ps(_mm512_loadu_ps(o.scores + r * kPageTokens + v * 16), unit); };
  const auto whole = [&](int r) { return o.begin[r] == 0 && o.end[r] == kPageTokens; };
  __m512 values[kGroupRows];
  for (int i = 0; i < kGroupRows; ++i) {
    const int r = first + i;
    __m512 largest = lowest;
    if (i < rows && whole(r)) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) largest = _mm512_max_ps(score(r, v), largest);
    } else if (i < rows) {
      for (int v = 0; v < kVectors; ++v) largest = _mm512_mask_max_ps(largest, keys_of(o, r, v), score(r, v), largest);
    }
    values[i] = largest;
  }
  const __m512 maxima = reduce_rows(values, [](__m512 a, __m512 b) { return _mm512_max_ps(a, b); });
  const __m512 before = _mm512_maskz_loadu_ps(present, o.running_max + first);
  const __m512 maximum = _mm512_max_ps(maxima, before);
  // 1 to the bit where nothing was larger, which is so in an empty range.
  const __m512 one = _mm512_set1_ps(1.0f);
  const __m512 alpha = _mm512_mask_mov_ps(exp2_normal<Avx512>(_mm512_sub_ps(before, maximum)),
                                          _mm512_cmp_ps_mask(before, maximum, _CMP_EQ_OQ), one);
  _mm512_mask_storeu_ps(o.running_max + first, present, maximum);
  _mm512_mask_storeu_ps(o.alpha + first, present, alpha);
  for (int i = 0; i < kGroupRows; ++i) {
    values[i] = _mm512_setzero_ps();
    if (i >= rows) continue;
    const int r = first + i;
    uint16_t* p = reinterpret_cast<uint16_t*>(static_cast<char*>(o.p) + r * o.p_stride);
    const __m512 largest = _mm512_set1_ps(o.running_max[r]);
    __m512 sum[kVectors];
    if (whole(r)) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[v] = exp2_normal<Avx512>(_mm512_sub_ps(score(r, v), largest));
    } else {
      for (int v = 0; v < kVectors; ++v) {
        sum[v] = _mm512_maskz_mov_ps(keys_of(o, r, v), exp2_normal<Avx512>(_mm512_sub_ps(score(r, v), largest)));
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) PairBlock::store_operand(p + v * 16, sum[v]);
    values[i] = _mm512_add_ps(_mm512_add_ps(sum[0], sum[2]), _mm512_add_ps(sum[1], sum[3]));
  }
  const __m512 sums = reduce_rows(values, [](__m512 a, __m512 b) { return _mm512_add_ps(a, b); });
  const __m512 total = _mm512_maskz_loadu_ps(present, o.total + first);
  _mm512_mask_storeu_ps(o.total + first, present, _mm512_add_ps(_mm512_mul_ps(total, alpha), sums));
}

void softmax(const BlockSoftmax& o) {
  static_assert(kVectors == 4);
  for (int first = 0; first < o.rows; first += kGroupRows) softmax_rows(o, first, o.rows - first < kGroupRows ? o.rows - first : kGroupRows);
}

}  // namespace

const BlockKernels kBlockAvx512Bf16[2] = {{}, BlockTile<PairBlock>::kernels(softmax)};

}  // namespace evalrun

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

}  // namespace

const BlockKernels kBlockAvx512Bf16[2] = {{}, BlockTile<PairBlock>::kernels()};

}  // namespace evalrun

// Attention blocks of block_kernels.h with vdpbf16ps: two inner indices at a time.
#include "cpu/simd_avx512.h"
#include "cpu/block_tile.h"

namespace evalrun {
namespace {

// A column group is 32 columns of two rows of B, interleaved within each quarter of the register: the low half holds columns
// 0-3 8-11 16-19 24-27 of the pair, the high half the others. Sums are put back in order where they are stored.
struct PairBlock {
  using V = Avx512;
  using Element = uint16_t;
  struct Row {
    __m512i low, high;
  };
  static constexpr int kRows = 6;
  static constexpr int kGroups = 2;
  static constexpr int kGroup = 32;
  static constexpr int kVectors = 2;
  static constexpr int kPair = 2;

  template <DType kType>
  EVALRUN_INLINE static Row load(const char* b, int64_t stride, int count, bool first, bool second) {
    const __mmask32 columns = count == kGroup ? ~0u : (1u << count) - 1;
    const __m512i even = _mm512_maskz_loadu_epi16(first ? columns : 0, b);
    const __m512i odd = _mm512_maskz_loadu_epi16(second ? columns : 0, b + stride);
    return {_mm512_unpacklo_epi16(even, odd), _mm512_unpackhi_epi16(even, odd)};
  }
  EVALRUN_INLINE static __m512bh broadcast(const uint16_t* a) {
    int32_t pair;
    __builtin_memcpy(&pair, a, 4);
    return (__m512bh)_mm512_set1_epi32(pair);
  }
  EVALRUN_INLINE static void multiply_add(__m512* sum, __m512bh a, const Row& b) {
    sum[0] = _mm512_dpbf16_ps(sum[0], a, (__m512bh)b.low);
    sum[1] = _mm512_dpbf16_ps(sum[1], a, (__m512bh)b.high);
  }
  EVALRUN_INLINE static void load_sums(const float* c, __m512* sum) {
    const __m512 first = _mm512_loadu_ps(c);
    const __m512 second = _mm512_loadu_ps(c + 16);
    sum[0] = _mm512_permutex2var_ps(first, _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27), second);
    sum[1] =
        _mm512_permutex2var_ps(first, _mm512_setr_epi32(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31), second);
  }
  EVALRUN_INLINE static void store_sums(float* c, const __m512* sum) {
    const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i high = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    _mm512_storeu_ps(c, _mm512_permutex2var_ps(sum[0], low, sum[1]));
    _mm512_storeu_ps(c + 16, _mm512_permutex2var_ps(sum[0], high, sum[1]));
  }
  EVALRUN_INLINE static void store_operand(uint16_t* out, __m512 x) {
    V::store_u16(out, _mm512_srli_epi32(_mm512_castps_si512(round_bf16<V>(x)), 16));
  }
};

}  // namespace

const BlockKernels kBlockAvx512Bf16[2] = {{}, BlockTile<PairBlock>::kernels()};

}  // namespace evalrun

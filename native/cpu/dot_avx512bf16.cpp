// Dot products of dot_kernels.h with vdpbf16ps, which adds two bfloat16 products to each float32 lane.
// The instruction takes and gives denormal numbers as zero.
#include "cpu/dot_tile.h"
#include "cpu/e4m3_avx512.h"
#include "cpu/simd_avx512.h"

namespace evalrun {
namespace {

template <bool kFp8, int kTileRows, int kTileOutputs>
struct PairProduct {
  using V = Avx512;
  using Operand = __m512bh;
  static constexpr int kRows = kTileRows;
  static constexpr int kOutputs = kTileOutputs;
  static constexpr bool kScaled = kFp8;
  static constexpr int kStep = 32;
  static constexpr int kElementBytes = 2;
  static constexpr DType kDirect = DType::kBF16;
  static constexpr bool kWidens = false;

  EVALRUN_INLINE static Operand load(const char* p) { return (__m512bh)_mm512_loadu_si512(p); }
  EVALRUN_INLINE static Operand load_first(const char* p, int count) {
    return (__m512bh)_mm512_maskz_loadu_epi16((1u << count) - 1, p);
  }
  EVALRUN_INLINE static __m512 multiply_add(__m512 sum, Operand x, Operand w) { return _mm512_dpbf16_ps(sum, x, w); }

  // FP8 codes are decoded; bfloat16 is copied.
  static void convert(const Weight& weight, int64_t stride, int64_t n, char* out) {
    const int64_t k = weight.columns;
    const char* source = static_cast<const char*>(weight.data) + n * stride * (kFp8 ? 1 : 2);
    for (int64_t i = 0; i < k; i += kStep) {
      const __mmask32 present = k - i >= kStep ? ~0u : (1u << (k - i)) - 1;
      if constexpr (kFp8) {
        _mm512_storeu_si512(out + i * 2, e4m3_to_bf16(_mm256_maskz_loadu_epi8(present, source + i)));
      } else {
        _mm512_storeu_si512(out + i * 2, _mm512_maskz_loadu_epi16(present, source + i * 2));
      }
    }
  }

  // The high halves of float32 values that bfloat16 holds exactly.
  EVALRUN_INLINE static void store_high(char* out, int64_t column, __m512 values) {
    Avx512::store_u16(out + column * 2, _mm512_srli_epi32(_mm512_castps_si512(values), 16));
  }

  static void pack(const float* x, int64_t columns, char* out, float* scales) {
    int64_t end = 0;
    auto store = [&](int64_t i, __m512 values) {
      store_high(out, i, values);
      end = i + V::kLanes;
    };
    if constexpr (kScaled) {
      quantise_row<V>(x, columns, scales, store);
    } else {
      for (int64_t i = 0; i < columns; i += V::kLanes) {
        store(i,
              round_bf16<V>(V::load_first(x + i, static_cast<int>(columns - i < V::kLanes ? columns - i : V::kLanes))));
      }
    }
    if (end % kStep != 0) store_high(out, end, _mm512_setzero_ps());
  }
};

}  // namespace

const DotKernels kDotAvx512Bf16[3] = {
    {},
    DotTile<PairProduct<false, 4, 6>>::kernels(),
    DotTile<PairProduct<true, 4, 3>>::kernels(),
};

}  // namespace evalrun

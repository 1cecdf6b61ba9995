// Panels of packed_weight.h with AVX-512.
#include "cpu/pack_kernels.h"
#include "cpu/pack_tile.h"
#include "cpu/simd_avx512.h"
#include "cpu/transpose_avx512.h"

namespace evalrun {
namespace {

struct Avx512Pieces {
  using I = __m512i;
  static constexpr int kLanes = 16;

  EVALRUN_INLINE static I load(const char* p) { return _mm512_loadu_si512(p); }
  EVALRUN_INLINE static I load_first(const char* p, int64_t bytes) {
    return _mm512_maskz_loadu_epi8((__mmask64{1} << bytes) - 1, p);
  }
  EVALRUN_INLINE static void store(char* p, I x) { _mm512_storeu_si512(p, x); }
  EVALRUN_INLINE static void store_u16(char* p, I x) { Avx512::store_u16(p, x); }
  EVALRUN_INLINE static I high_halves(I x) { return _mm512_srli_epi32(x, 16); }
  EVALRUN_INLINE static void transpose(I (&r)[kLanes]) { transpose_16x16(r); }
};

}  // namespace

void pack_panel_avx512(const Weight& weight, int64_t panel, void* out) { PackTile<Avx512Pieces>::pack(weight, panel, out); }

}  // namespace evalrun

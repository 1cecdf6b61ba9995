// Panels of packed_weight.h with AVX2.
#include <cstring>

#include "cpu/pack_kernels.h"
#include "cpu/pack_tile.h"
#include "cpu/simd_avx2.h"

namespace evalrun {
namespace {

struct Avx2Pieces {
  using I = __m256i;
  static constexpr int kLanes = 8;

  EVALRUN_INLINE static I load(const char* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  EVALRUN_INLINE static I load_first(const char* p, int64_t bytes) {
    I x = _mm256_setzero_si256();
    if (bytes > 0) std::memcpy(&x, p, static_cast<size_t>(bytes));
    return x;
  }
  EVALRUN_INLINE static void store(char* p, I x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
  EVALRUN_INLINE static void store_u16(char* p, I x) { Avx2::store_u16(p, x); }
  EVALRUN_INLINE static I high_halves(I x) { return _mm256_srli_epi32(x, 16); }

  EVALRUN_INLINE static void transpose(I (&r)[kLanes]) {
    I t[kLanes];
#pragma GCC unroll 4
    for (int i = 0; i < kLanes; i += 2) {
      t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
      t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < kLanes; i += 4) {
      r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
      r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
      r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
      r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // Now half h of r[4 q + c] is column 4 h + c of the rows 4 q .. 4 q + 3.
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      t[c] = _mm256_permute2x128_si256(r[c], r[4 + c], 0x20);
      t[4 + c] = _mm256_permute2x128_si256(r[c], r[4 + c], 0x31);
    }
    std::memcpy(r, t, sizeof(r));
  }
};

}  // namespace

void pack_panel_avx2(const Weight& weight, int64_t panel, void* out) { PackTile<Avx2Pieces>::pack(weight, panel, out); }

}  // namespace evalrun

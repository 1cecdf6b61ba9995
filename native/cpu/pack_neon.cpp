// Panels of packed_weight.h with NEON.
#include <arm_neon.h>

#include <cstring>

#include "cpu/pack_kernels.h"
#include "cpu/pack_tile.h"

namespace evalrun {
namespace {

struct NeonPieces {
  using I = uint32x4_t;
  static constexpr int kLanes = 4;

  EVALRUN_INLINE static I load(const char* p) {
    I x;
    std::memcpy(&x, p, sizeof(x));
    return x;
  }
  EVALRUN_INLINE static I load_first(const char* p, int64_t bytes) {
    I x = vdupq_n_u32(0);
    if (bytes > 0) std::memcpy(&x, p, static_cast<size_t>(bytes));
    return x;
  }
  EVALRUN_INLINE static void store(char* p, I x) { std::memcpy(p, &x, sizeof(x)); }
  EVALRUN_INLINE static void store_u16(char* p, I x) {
    const uint16x4_t halves = vmovn_u32(x);
    std::memcpy(p, &halves, sizeof(halves));
  }
  EVALRUN_INLINE static I high_halves(I x) { return vshrq_n_u32(x, 16); }

  EVALRUN_INLINE static void transpose(I (&r)[kLanes]) {
    const auto pairs = [](I a) { return vreinterpretq_u64_u32(a); };
    const auto pieces = [](uint64x2_t a) { return vreinterpretq_u32_u64(a); };
    // Columns 0 and 2, and 1 and 3, of two rows each.
    const I even = vtrn1q_u32(r[0], r[1]), odd = vtrn2q_u32(r[0], r[1]);
    const I next_even = vtrn1q_u32(r[2], r[3]), next_odd = vtrn2q_u32(r[2], r[3]);
    r[0] = pieces(vtrn1q_u64(pairs(even), pairs(next_even)));
    r[1] = pieces(vtrn1q_u64(pairs(odd), pairs(next_odd)));
    r[2] = pieces(vtrn2q_u64(pairs(even), pairs(next_even)));
    r[3] = pieces(vtrn2q_u64(pairs(odd), pairs(next_odd)));
  }
};

}  // namespace

void pack_panel_neon(const Weight& weight, int64_t panel, void* out) { PackTile<NeonPieces>::pack(weight, panel, out); }

}  // namespace evalrun

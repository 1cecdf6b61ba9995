// Limit loop with tdpbf16ps: 16 x 32 by 32 x 16 bfloat16, added to 16 x 16 float32, from and to registers.
#include "cpu/limits.h"
#include "cpu/tiles_amx.h"

namespace evalrun {

float limit_multiply_add_bf16_amx(int64_t rounds) {
  const Tiles configured;
  alignas(64) static const char zeros[kTileBytes] = {};
  alignas(64) float sums[kTileRows * kTileRows];
  zero_sums();
  _tile_loadd(4, zeros, kTileRowBytes);
  _tile_loadd(5, zeros, kTileRowBytes);
  _tile_loadd(6, zeros, kTileRowBytes);
  _tile_loadd(7, zeros, kTileRowBytes);
  for (int64_t round = 0; round < rounds; ++round) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums, kTileRowBytes);
  return sums[0];
}

}  // namespace evalrun

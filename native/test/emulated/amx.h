// The tile registers of AMX. What the CPU refuses (a tile that is not configured, shapes that do not go together) ends the program.
#pragma once
#include "test/emulated/bfloat16.h"

namespace evalrun {
namespace emulated {

struct TileRegister {
  int rows = 0, row_bytes = 0;
  alignas(64) char data[16][64];
};

struct TileRegisters {
  bool configured = false;
  TileRegister tiles[8];
};

inline TileRegisters& tile_registers() {
  static thread_local TileRegisters registers;
  return registers;
}

inline TileRegister& tile(int index) {
  if (!tile_registers().configured) fault("a tile is used where none is configured");
  TileRegister& t = tile_registers().tiles[index];
  if (t.rows == 0) fault("a tile without rows is used");
  return t;
}

}  // namespace emulated

inline void _tile_loadconfig(const void* p) {
  const uint8_t* bytes = static_cast<const uint8_t*>(p);
  if (bytes[0] != 1) emulated::fault("a palette of tiles that there is not");
  emulated::TileRegisters& registers = emulated::tile_registers();
  registers.configured = true;
  for (int i = 0; i < 8; ++i) {
    emulated::TileRegister& t = registers.tiles[i];
    uint16_t row_bytes;
    std::memcpy(&row_bytes, bytes + 16 + i * 2, 2);
    t.rows = bytes[48 + i];
    t.row_bytes = row_bytes;
    if (t.rows > 16 || t.row_bytes > 64) emulated::fault("a tile is configured too large");
    if (t.row_bytes % 32 != 0) emulated::fault("a tile of a width that is not emulated");
    std::memset(t.data, 0, sizeof(t.data));
  }
}

inline void _tile_release() { emulated::tile_registers().configured = false; }

inline void _tile_zero(int index) { std::memset(emulated::tile(index).data, 0, sizeof(emulated::TileRegister::data)); }

inline void _tile_loadd(int index, const void* base, int64_t stride) {
  emulated::TileRegister& t = emulated::tile(index);
  std::memset(t.data, 0, sizeof(t.data));
  for (int r = 0; r < t.rows; ++r) std::memcpy(t.data[r], static_cast<const char*>(base) + r * stride, t.row_bytes);
}

inline void _tile_stored(int index, void* base, int64_t stride) {
  emulated::TileRegister& t = emulated::tile(index);
  for (int r = 0; r < t.rows; ++r) std::memcpy(static_cast<char*>(base) + r * stride, t.data[r], t.row_bytes);
}

// c += a b, the products of even and of odd inner indices added apart, each fused and from zero.
inline void _tile_dpbf16ps(int sums, int left, int right) {
  emulated::TileRegister &c = emulated::tile(sums), &a = emulated::tile(left), &b = emulated::tile(right);
  if (a.rows != c.rows || b.row_bytes != c.row_bytes || a.row_bytes != b.rows * 4) emulated::fault("tiles that do not go together are multiplied");
  using namespace emulated;
  for (int m = 0; m < c.rows; ++m) {
    for (int first = 0; first < c.row_bytes; first += 32) {
      __m256 even{}, odd{};
      for (int k = 0; k < b.rows; ++k) {
        const __m256i x = _mm256_set1_epi32(any<int32_t>(a.data[m] + k * 4)), y = any<__m256i>(b.data[k] + first);
        even = bf16_multiply_add(even_of(x), even_of(y), even);
        odd = bf16_multiply_add(odd_of(x), odd_of(y), odd);
      }
      __m256* const sum = reinterpret_cast<__m256*>(c.data[m] + first);
      *sum = without_denormals(without_denormals(*sum) + without_denormals(even + odd));
    }
  }
}

}  // namespace evalrun

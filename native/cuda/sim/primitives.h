// kernels/primitives.cuh on the simulated GPU. Conversions are those of ops/numeric.h; what lanes do together is in warp.h.
#pragma once
#include "cuda/sim/warp.h"
#include "ops/numeric.h"

namespace evalrun::cuda {

constexpr bool kHasE4m3Mma = true;

// Kernels follow one another here; that each waits is checked (launch.h).
inline void let_next_start() {}
inline void wait_for_last() { sim::note_wait(); }
inline float load_from_level_2(const float* address) { return *address; }
inline void prefetch(const void* weights) { sim::check_global("prefetch", weights, 1); }

inline uint16_t to_bf16(float value) { return float_to_bf16(value); }
inline float from_bf16(uint16_t bits) { return bf16_to_float(bits); }
inline uint32_t pack_bf16(float low, float high) { return to_bf16(low) | static_cast<uint32_t>(to_bf16(high)) << 16; }
inline uint8_t to_e4m3(float value) { return std::isnan(value) ? 0x7f : float_to_e4m3(value); }
inline float from_e4m3(uint8_t code) { return e4m3_to_float(code); }
inline uint16_t pack_e4m3(float low, float high) { return static_cast<uint16_t>(to_e4m3(low) | to_e4m3(high) << 8); }
inline uint32_t bf16x2_from_e4m3x2(uint16_t codes) {
  return pack_bf16(from_e4m3(static_cast<uint8_t>(codes & 0xff)), from_e4m3(static_cast<uint8_t>(codes >> 8)));
}
// Every code is a normal number of float16, whose exponent is biased by 15.
inline uint32_t f16x2_from_e4m3x2(uint16_t codes) {
  const auto half = [](uint32_t code) -> uint32_t {
    const float value = from_e4m3(static_cast<uint8_t>(code));
    const uint32_t sign = (code & 0x80) << 8, magnitude = float_to_bits(value) & 0x7fffffffu;
    if (std::isnan(value)) return sign | 0x7e00;
    return sign | (magnitude == 0 ? 0 : (magnitude - (112u << 23)) >> 13);
  };
  return half(codes & 0xffu) | half(codes >> 8) << 16;
}
inline void f16_from_e4m3x4(uint32_t codes, uint32_t& low, uint32_t& high) {
  low = f16x2_from_e4m3x2(static_cast<uint16_t>(codes));
  high = f16x2_from_e4m3x2(static_cast<uint16_t>(codes >> 16));
}
inline float from_f16(uint16_t bits) { return f16_to_float(bits); }
inline float fast_exp2(float x) { return x < -126.0f ? 0.0f : std::exp2(x); }

template <class T>
T shuffle(T value, int lane, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return sim::exchange("shuffle", value, lane & 31, {file, line});
}
template <class T>
T shuffle_xor(T value, int mask, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return sim::exchange("shuffle_xor", value, sim::lane() ^ mask, {file, line});
}
template <class T>
T shuffle_down(T value, int delta, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return sim::exchange("shuffle_down", value, sim::lane() + delta, {file, line});
}
template <class T>
T shuffle_up(T value, int delta, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return sim::exchange("shuffle_up", value, sim::lane() - delta, {file, line});
}
inline uint32_t ballot(bool predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return sim::ballot(predicate, {file, line});
}

inline void copy_async_16(void* shared, const void* global, bool valid) {
  sim::check_shared("copy_async_16", shared, 16);
  if (valid) sim::check_global("copy_async_16", global, 16);
  sim::copy_async(shared, global, 16, valid);
}
inline void copy_async_commit() { sim::copy_async_commit(); }
template <int Pending>
void copy_async_wait() {
  sim::copy_async_wait(Pending);
}

inline void load_matrix_x4(uint32_t (&registers)[4], const void* row, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) {
  sim::load_matrix("load_matrix_x4", registers, 4, false, row, {file, line});
}
inline void load_matrix_x4_transposed(uint32_t (&registers)[4], const void* row, const char* file = __builtin_FILE(),
                                      int line = __builtin_LINE()) {
  sim::load_matrix("load_matrix_x4_transposed", registers, 4, true, row, {file, line});
}
inline void load_matrix_x2(uint32_t (&registers)[2], const void* row, const char* file = __builtin_FILE(),
                           int line = __builtin_LINE()) {
  sim::load_matrix("load_matrix_x2", registers, 2, false, row, {file, line});
}
inline void load_matrix_x2_transposed(uint32_t (&registers)[2], const void* row, const char* file = __builtin_FILE(),
                                      int line = __builtin_LINE()) {
  sim::load_matrix("load_matrix_x2_transposed", registers, 2, true, row, {file, line});
}
inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
  sim::mma_bf16(d, a, b, {file, line});
}
inline void mma_f16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const char* file = __builtin_FILE(),
                    int line = __builtin_LINE()) {
  sim::mma_f16(d, a, b, {file, line});
}
inline void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
  sim::mma_e4m3(d, a, b, {file, line});
}

}  // namespace evalrun::cuda

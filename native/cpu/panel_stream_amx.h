// Packed weights read from the first byte to the last, as bfloat16 a step of 32 columns at a time: what tiles cannot take as it lies.
// Included by files compiled for AMX: each of their CPUs can permute bytes among two registers.
#pragma once
#include <array>
#include <cstdint>

#include "cpu/compact_panel.h"
#include "cpu/panel_amx.h"

namespace evalrun {

static_assert(kCompactColumns == kTileColumns && kCompactStepWeights * 2 == kStepBytes);

// A step is written in this many parts, so that others' work fits between them.
constexpr int kStepParts = 4;
// Vector pairs of bfloat16 in a part.
constexpr int kPartPairs = kStepBytes / 128 / kStepParts;

// Bytes that are the low and the high halves of 64 bfloat16, as two vectors in order.
EVALRUN_INLINE void store_halves(__m512i low, __m512i high, char* out) {
  _mm512_store_si512(out, _mm512_unpacklo_epi8(low, high));
  _mm512_store_si512(out + 64, _mm512_unpackhi_epi8(low, high));
}

// Compact panels, one after the other.
class CompactStream {
 public:
  static constexpr bool kScaled = false;  // by blocks of 128 columns
  static constexpr int64_t kBytes = kCompactStepBytes;  // of a step
  static int64_t steps(int64_t columns) { return compact_steps(columns); }

  // From step `step` of the first of `panels` panels.
  CompactStream(const Weight& weight, int64_t panel, int64_t panels, int64_t step = 0)
      : layout_(weight.columns), panel_(panel_of(weight, panel)), left_(panels) {
    open(step);
  }

  // Part `part` of the step, at `out`, where the step begins.
  EVALRUN_INLINE void part(int part, char* out) const {
    const __m512i mantissa = _mm512_set1_epi8(0x7f), sign = _mm512_set1_epi8(static_cast<char>(0x80)), half = _mm512_set1_epi8(0x0f);
    const char* bytes = codes_ + part * kPartPairs * 64;
    const char* pairs = codes_ + kCompactStepWeights + part * kPartPairs * 32;
    char* to = out + part * kPartPairs * 128;
#pragma GCC unroll 4
    for (int i = 0; i < kPartPairs; i += 2, to += 256) {
      _mm_prefetch(bytes + i * 64 + kAhead, _MM_HINT_T1);
      _mm_prefetch(bytes + i * 64 + 64 + kAhead, _MM_HINT_T1);
      _mm_prefetch(pairs + i * 32 + kAhead, _MM_HINT_T1);
      const __m512i pair = _mm512_load_si512(pairs + i * 32);
      const __m512i codes[2] = {_mm512_and_si512(pair, half), _mm512_and_si512(_mm512_srli_epi16(pair, 4), half)};
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        const __m512i x = _mm512_load_si512(bytes + (i + v) * 64);
        // (x & mask) | looked up
        const __m512i low = _mm512_ternarylogic_epi32(x, mantissa, _mm512_shuffle_epi8(low_, codes[v]), 0xea);
        const __m512i high = _mm512_ternarylogic_epi32(x, sign, _mm512_shuffle_epi8(high_, codes[v]), 0xea);
        store_halves(low, high, to + v * 128);
      }
    }
  }

  // The step's exceptions, once all parts are there; then to the next step.
  EVALRUN_INLINE void finish(char* out) {
    for (int i = counts_[step_]; i > 0; --i, ++exception_) reinterpret_cast<uint16_t*>(out)[exception_->place] = exception_->value;
    codes_ += kCompactStepBytes;
    if (++step_ < layout_.steps) return;
    panel_ += layout_.bytes;
    if (--left_ > 0) open(0);
  }

 private:
  // Memory has this long to bring the next codes.
  static constexpr int kAhead = 12288;

  EVALRUN_INLINE void open(int64_t step) {
    step_ = step;
    codes_ = panel_ + kCompactHeader + step * kCompactStepBytes;
    counts_ = reinterpret_cast<const uint8_t*>(panel_ + layout_.counts);
    exception_ = reinterpret_cast<const CompactException*>(panel_ + layout_.exceptions);
    for (int64_t s = 0; s < step; ++s) exception_ += counts_[s];
    const int largest = static_cast<uint8_t>(panel_[0]);
    const int below = largest > kCompactCodes ? largest - kCompactCodes : 0;
    const __m128i codes = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i exponents = _mm_maskz_add_epi8(0xfffe, codes, _mm_set1_epi8(static_cast<char>(below)));
    constexpr __mmask16 kAll = 0xffff;
    low_ = _mm512_maskz_broadcast_i32x4(kAll, _mm_and_si128(_mm_slli_epi16(exponents, 7), _mm_set1_epi8(static_cast<char>(0x80))));
    high_ = _mm512_maskz_broadcast_i32x4(kAll, _mm_and_si128(_mm_srli_epi16(exponents, 1), _mm_set1_epi8(0x7f)));
  }

  CompactLayout layout_;
  const char* panel_;
  int64_t left_;
  const char* codes_;
  const uint8_t* counts_;
  const CompactException* exception_;
  int64_t step_;
  // By code, in each 128 bits: the last bit of the exponent above the mantissa, and its others below the sign.
  __m512i low_, high_;
};

// e4m3 codes, whose block scales are not part of the stream. Byte `high` of the bfloat16 of each magnitude:
constexpr std::array<uint8_t, 128> e4m3_bytes(bool high) {
  std::array<uint8_t, 128> bytes{};
  for (int code = 0; code < 128; ++code) {
    int bits = 0;
    if (code == 127) {
      bits = 0x7fc0;
    } else if (code >= 8) {
      bits = (code << 4) + (120 << 7);
    } else if (code > 0) {
      // m * 2^-9: the leading bit becomes implicit.
      const int leading = code >= 4 ? 2 : code >= 2 ? 1 : 0;
      bits = (127 - 9 + leading) << 7 | ((code << (7 - leading)) & 0x7f);
    }
    bytes[code] = static_cast<uint8_t>(high ? bits >> 8 : bits & 0xff);
  }
  return bytes;
}

class E4m3Stream {
 public:
  static constexpr bool kScaled = true;
  static constexpr int64_t kBytes = kTileColumns * kPanelOutputs;
  static int64_t steps(int64_t columns) { return (columns + kQuantBlock - 1) / kQuantBlock * (kQuantBlock / kTileColumns); }

  E4m3Stream(const Weight& weight, int64_t panel, int64_t, int64_t step = 0)
      : codes_(panel_of(weight, panel) + step * kBytes) {
    alignas(64) static constexpr std::array<uint8_t, 128> kLow = e4m3_bytes(false), kHigh = e4m3_bytes(true);
    for (int half = 0; half < 2; ++half) {
      low_[half] = _mm512_load_si512(kLow.data() + half * 64);
      high_[half] = _mm512_load_si512(kHigh.data() + half * 64);
    }
  }

  EVALRUN_INLINE void part(int part, char* out) const {
    // With eighths in this order, unpacking within 128 bits gives the codes in order.
    const __m512i eighths = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
    const char* codes = codes_ + part * kPartPairs * 64;
    char* to = out + part * kPartPairs * 128;
#pragma GCC unroll 8
    for (int i = 0; i < kPartPairs; ++i) {
      _mm_prefetch(codes + i * 64 + kAhead, _MM_HINT_T1);
      const __m512i code = _mm512_permutexvar_epi64(eighths, _mm512_load_si512(codes + i * 64));
      // Bit 7 of an index is ignored: magnitudes are looked up, the sign is added.
      const __m512i high = _mm512_permutex2var_epi8(high_[0], code, high_[1]);
      store_halves(_mm512_permutex2var_epi8(low_[0], code, low_[1]), _mm512_ternarylogic_epi32(code, sign, high, 0xea), to + i * 128);
    }
  }

  EVALRUN_INLINE void finish(char*) { codes_ += kBytes; }

 private:
  static constexpr int kAhead = 8192;

  const char* codes_;
  __m512i low_[2], high_[2];
};

// `steps` steps, one after the other, at `out`.
template <class Stream>
inline void expand(Stream stream, int64_t steps, char* out) {
  for (int64_t s = 0; s < steps; ++s, out += kStepBytes) {
    for (int part = 0; part < kStepParts; ++part) stream.part(part, out);
    stream.finish(out);
  }
}

// Expands while others work: some parts of a step whenever it is called.
template <class Stream>
class Expander {
 public:
  explicit Expander(const Stream& stream) : stream_(stream) {}

  // The next `steps` steps go to `out`, all of them within `calls` calls.
  void aim(char* out, int64_t steps, int64_t calls) {
    out_ = out;
    left_ = steps * kStepParts;
    at_once_ = calls > 0 ? (left_ + calls - 1) / calls : left_;
  }
  EVALRUN_INLINE void operator()() {
    for (int64_t i = 0; i < at_once_ && left_ > 0; ++i) next();
  }
  // All that is left.
  void rest() {
    while (left_ > 0) next();
    memory_is_read();
  }

 private:
  EVALRUN_INLINE void next() {
    stream_.part(part_, out_);
    --left_;
    if (++part_ < kStepParts) return;
    stream_.finish(out_);
    part_ = 0;
    out_ += kStepBytes;
  }

  Stream stream_;
  char* out_ = nullptr;
  int64_t left_ = 0, at_once_ = 0;
  int part_ = 0;
};

}  // namespace evalrun

// Conversion of weights over a vector type V: a block of 128 columns of a row at a time, as float32 between the formats.
#pragma once
#include "cpu/convert_kernels.h"
#include "cpu/dot_convert.h"

namespace evalrun {

template <class V>
struct ConvertTile {
  static constexpr ConvertKernels kernels() { return {to_bf16, to_e4m3}; }

 private:
  // Columns [begin, begin + count) of a row without block scales, padded with zeros to whole vectors.
  static void widen_columns(const Weight& weight, int64_t row, int64_t begin, int64_t count, float* out) {
    const char* source = static_cast<const char*>(weight.data) + (row * weight.columns + begin) * bytes_of(weight.dtype);
    switch (weight.dtype) {
      case DType::kF32: return widen<V, DType::kF32>(source, count, out);
      case DType::kF16: return widen<V, DType::kF16>(source, count, out);
      case DType::kBF16: return widen<V, DType::kBF16>(source, count, out);
      case DType::kF8E4M3: return widen<V, DType::kF8E4M3>(source, count, out);
    }
  }

  static int64_t width_of(const Weight& weight, int64_t begin) {
    return weight.columns - begin < kQuantBlock ? weight.columns - begin : kQuantBlock;
  }

  static void to_bf16(const RowsToConvert& part, uint16_t* values) {
    const Weight& from = *part.from;
    const int64_t blocks = (from.columns + kQuantBlock - 1) / kQuantBlock;
    alignas(64) float wide[kQuantBlock];
    for (int64_t r = 0; r < part.rows; ++r) {
      const int64_t row = part.first_row + r;
      for (int64_t begin = 0; begin < from.columns; begin += kQuantBlock) {
        const int64_t width = width_of(from, begin);
        widen_columns(from, row, begin, width, wide);
        const bool scaled = from.dtype == DType::kF8E4M3;
        const typename V::F scale = V::set1(scaled ? from.scale[row / kQuantBlock * blocks + begin / kQuantBlock] : 1.0f);
        uint16_t* to = values + r * from.columns + begin;
        for (int64_t i = 0; i < width; i += V::kLanes) {
          const typename V::F value = scaled ? V::mul(V::load(wide + i), scale) : V::load(wide + i);
          store_first<uint16_t>(to + i, V::template shr<16>(V::bits(round_bf16<V>(value))), width - i);
        }
      }
    }
  }

  static void to_e4m3(const RowsToConvert& part, uint8_t* codes, float* scales) {
    const Weight& from = *part.from;
    alignas(64) float block[kQuantBlock * kQuantBlock];
    for (int64_t begin = 0; begin < from.columns; begin += kQuantBlock) {
      const int64_t width = width_of(from, begin);
      typename V::F largest = V::set1(1e-12f);
      for (int64_t r = 0; r < part.rows; ++r) {
        float* wide = block + r * kQuantBlock;
        widen_columns(from, part.first_row + r, begin, width, wide);
        for (int64_t i = 0; i < width; i += V::kLanes) largest = V::max(V::abs(V::load(wide + i)), largest);
      }
      const float scale = V::maximum(largest) / 448.0f;
      scales[begin / kQuantBlock] = scale;
      const typename V::F divisor = V::set1(scale);
      for (int64_t r = 0; r < part.rows; ++r) {
        uint8_t* to = codes + r * from.columns + begin;
        for (int64_t i = 0; i < width; i += V::kLanes) {
          const typename V::F value = V::div(V::load(block + r * kQuantBlock + i), divisor);
          store_first<uint8_t>(to + i, code_of(round_e4m3<V>(value)), width - i);
        }
      }
    }
  }

  // The code of a value that e4m3 holds.
  EVALRUN_INLINE static typename V::I code_of(typename V::F value) {
    using F = typename V::F;
    const F magnitude = V::abs(value);
    const F normal = V::from_bits(V::subi(V::template shr<20>(V::bits(magnitude)), V::set1i(120 << 3)));
    const F subnormal = V::from_bits(V::to_int(V::mul(magnitude, V::set1(0x1p9f))));
    const F finite = V::select(V::less(magnitude, V::set1(0x1p-6f)), normal, subnormal);
    const F code = V::select(V::is_nan(value), finite, V::from_bits(V::set1i(0x7f)));
    return V::ori(V::bits(code), V::template shr<24>(V::andi(V::bits(value), V::set1i(static_cast<int32_t>(0x80000000u)))));
  }

  template <class T>
  EVALRUN_INLINE static void store_lanes(T* to, typename V::I lanes) {
    if constexpr (sizeof(T) == 2) {
      V::store_u16(to, lanes);
    } else {
      V::store_u8(to, lanes);
    }
  }

  // As many lanes as there is room for.
  template <class T>
  EVALRUN_INLINE static void store_first(T* to, typename V::I lanes, int64_t count) {
    if (count >= V::kLanes) return store_lanes(to, lanes);
    T all[V::kLanes];
    store_lanes(all, lanes);
    std::memcpy(to, all, static_cast<size_t>(count) * sizeof(T));
  }
};

}  // namespace evalrun

// Operands of dot products, converted: activations rounded or quantised, weights of any storage format widened to
// float32. Templates over the vector type V; for the files compiled for an instruction set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cpu/inline.h"
#include "ops/ops.h"

namespace evalrun {

EVALRUN_INLINE constexpr size_t round_up(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Nearest even to bfloat16, as float32 (low half zero). NaN stays NaN.
template <class V>
EVALRUN_INLINE typename V::F round_bf16(typename V::F x) {
  const typename V::I bits = V::bits(x);
  const typename V::I lsb = V::andi(V::template shr<16>(bits), V::set1i(1));
  const typename V::I rounded = V::addi(bits, V::addi(lsb, V::set1i(0x7fff)));
  const typename V::F value = V::from_bits(V::andi(rounded, V::set1i(static_cast<int32_t>(0xffff0000u))));
  return V::select(V::is_nan(x), value, V::from_bits(V::ori(bits, V::set1i(0x00400000))));
}

// Nearest even to a value that e4m3 holds, saturating at 448.
template <class V>
EVALRUN_INLINE typename V::F round_e4m3(typename V::F x) {
  using F = typename V::F;
  using I = typename V::I;
  const I bits = V::bits(x);
  const I sign = V::andi(bits, V::set1i(static_cast<int32_t>(0x80000000u)));
  const F magnitude = V::abs(x);
  // Normal numbers keep three mantissa bits.
  const I lsb = V::andi(V::template shr<20>(bits), V::set1i(1));
  const I rounded = V::addi(V::bits(magnitude), V::addi(lsb, V::set1i(0x7ffff)));
  const F normal = V::from_bits(V::andi(rounded, V::set1i(static_cast<int32_t>(0xfff00000u))));
  // Below 2^-6 the step is 2^-9, which is the last place of a float32 at 1.5 * 2^14.
  const F anchor = V::set1(0x1.8p14f);
  const F subnormal = V::sub(V::add(magnitude, anchor), anchor);
  const F value = V::select(V::less(magnitude, V::set1(0x1p-6f)), normal, subnormal);
  const F clamped = V::min(value, V::set1(448.0f));
  return V::select(V::is_nan(x), V::from_bits(V::ori(V::bits(clamped), sign)), x);
}

// Eight or sixteen e4m3 codes as float32.
template <class V>
EVALRUN_INLINE typename V::F load_e4m3(const void* p) {
  const typename V::I codes = V::load_u8(p);
  const typename V::I magnitude = V::andi(codes, V::set1i(0x7f));
  // The code's exponent and mantissa, read as a float32, are too small by 2^120; this covers subnormals as well.
  const typename V::F value = V::mul(V::from_bits(V::template shl<20>(magnitude)), V::set1(0x1p120f));
  const typename V::F finite =
      V::select(V::equali(magnitude, V::set1i(0x7f)), value, V::from_bits(V::set1i(0x7fc00000)));
  return V::from_bits(V::ori(V::bits(finite), V::template shl<24>(V::andi(codes, V::set1i(0x80)))));
}

template <class V, DType kType>
EVALRUN_INLINE typename V::F load_as_float(const void* p) {
  if constexpr (kType == DType::kF32) return V::load(p);
  if constexpr (kType == DType::kF16) return V::load_f16(p);
  if constexpr (kType == DType::kBF16) return V::from_bits(V::template shl<16>(V::load_u16(p)));
  if constexpr (kType == DType::kF8E4M3) return load_e4m3<V>(p);
}

EVALRUN_INLINE constexpr int64_t bytes_of(DType dtype) {
  return dtype == DType::kF32 ? 4 : dtype == DType::kF8E4M3 ? 1 : 2;
}

// `count` stored elements as float32, zero-padded to a whole number of vectors. Reads nothing behind the last element.
template <class V, DType kType>
void widen(const char* source, int64_t count, float* out) {
  int64_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes)
    V::store(out + i, load_as_float<V, kType>(source + i * bytes_of(kType)));
  if (i == count) return;
  alignas(64) char tail[V::kLanes * 4] = {};
  std::memcpy(tail, source + i * bytes_of(kType), static_cast<size_t>((count - i) * bytes_of(kType)));
  V::store(out + i, load_as_float<V, kType>(tail));
}

// Row n of a weight whose rows are `stride` elements apart, block scales applied when `scaled`.
template <class V>
void widen_weight_row(const Weight& weight, int64_t stride, int64_t n, bool scaled, float* out) {
  const int64_t k = weight.columns;
  const char* source = static_cast<const char*>(weight.data) + n * stride * bytes_of(weight.dtype);
  switch (weight.dtype) {
    case DType::kF32:
      return widen<V, DType::kF32>(source, k, out);
    case DType::kF16:
      return widen<V, DType::kF16>(source, k, out);
    case DType::kBF16:
      return widen<V, DType::kBF16>(source, k, out);
    case DType::kF8E4M3:
      break;
  }
  widen<V, DType::kF8E4M3>(source, k, out);
  if (!scaled) return;
  const int64_t blocks = (k + kQuantBlock - 1) / kQuantBlock;
  const float* scale = weight.scale + n / kQuantBlock * blocks;
  for (int64_t b = 0; b < blocks; ++b) {
    const typename V::F factor = V::set1(scale[b]);
    const int64_t end = (b + 1) * kQuantBlock < k ? (b + 1) * kQuantBlock : k;
    for (int64_t i = b * kQuantBlock; i < end; i += V::kLanes) V::store(out + i, V::mul(V::load(out + i), factor));
  }
}

// Quantises a row in groups of 128 columns: codes go to `store(column, vector of decoded codes)`, in whole vectors
// padded with zeros, and scales to scales[group].
template <class V, class Store>
EVALRUN_INLINE void quantise_row(const float* x, int64_t columns, float* scales, Store store) {
  for (int64_t begin = 0, block = 0; begin < columns; begin += kQuantBlock, ++block) {
    const int width = static_cast<int>(columns - begin < kQuantBlock ? columns - begin : kQuantBlock);
    typename V::F largest = V::zero();
    for (int i = 0; i < width; i += V::kLanes)
      largest = V::max(V::abs(V::load_first(x + begin + i, width - i)), largest);
    const float amax = V::maximum(largest);
    const float scale = (amax < 1e-4f ? 1e-4f : amax) / 448.0f;
    scales[block] = scale;
    const typename V::F divisor = V::set1(scale);
    for (int i = 0; i < width; i += V::kLanes) {
      store(begin + i, round_e4m3<V>(V::div(V::load_first(x + begin + i, width - i), divisor)));
    }
  }
}

}  // namespace evalrun

// The panel kernel of dot_kernels.h as a template over a product P: register tiles of up to P::kRows x P::kOutputs
// dots.
//
// P says how operands are held and multiplied:
//   V                                  the vector type of the partial sums
//   kRows, kOutputs                    the register tile
//   kScaled                            FP8: partial sums of 128 columns, each scaled before it is added
//   kStep, kElementBytes               columns of an operand vector, and their size
//   Operand load(p), load_first(p, n)  an operand vector; its first n columns and zeros
//   F multiply_add(sum, x, w)
//   kDirect                            the DType that is used where it is mapped; others are converted to scratch by
//   convert(weight, stride, n, out)    row n of the weight as operands, zero-padded to kStep
//   pack(x, columns, out, scales)      an activation row as operands, zero-padded to kStep
//   kWidens                            whether load_stored(p) gives an operand vector of kStored elements where they are
//                                      mapped, the same values that convert writes
#pragma once
#include "cpu/dot_convert.h"
#include "cpu/dot_kernels.h"

namespace evalrun {

template <class P>
struct DotTile {
  using V = typename P::V;
  using F = typename V::F;
  static constexpr int kRows = P::kRows;
  static constexpr int kOutputs = P::kOutputs;
  static constexpr int kBlockSteps = kQuantBlock / P::kStep;

  // The operands of one tile. Scales are of kScaled only: per row and per output, one for each 128 columns.
  struct Operands {
    const char* x[kRows];
    const char* w[kOutputs];
    const float* x_scale[kRows];
    const float* w_scale[kOutputs];
    int64_t columns;
    bool padded;  // w is padded to a whole step
  };

  template <int R, int N>
  static void reduce(const F (&sum)[R][N], float* out) {
    F flat[(R * N + 7) / 8 * 8];
#pragma GCC unroll 32
    for (int i = 0; i < (R * N + 7) / 8 * 8; ++i) flat[i] = i < R * N ? sum[i / N][i % N] : V::zero();
#pragma GCC unroll 32
    for (int i = 0; i < R * N; i += 8) V::sum8(flat + i, out + i);
  }

  // kMapped: o.w points at the weight as it is stored.
  template <int R, int N, bool kTail, bool kMapped>
  EVALRUN_INLINE static void step(const Operands& o, int64_t column, int tail, F (&sum)[R][N]) {
    typename P::Operand w[N];
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) {
      if constexpr (kMapped) {
        w[n] = P::load_stored(o.w[n] + column * bytes_of(P::kStored));
      } else {
        const char* p = o.w[n] + column * P::kElementBytes;
        w[n] = kTail ? P::load_first(p, tail) : P::load(p);
      }
    }
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
      const typename P::Operand x = P::load(o.x[r] + column * P::kElementBytes);
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) sum[r][n] = P::multiply_add(sum[r][n], x, w[n]);
    }
  }

  template <int R, int N, bool kMapped>
  static void plain(const Operands& o, float* out) {
    F sum[R][N];
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) sum[r][n] = V::zero();
    }
    const int64_t whole =
        o.padded ? static_cast<int64_t>(round_up(o.columns, P::kStep)) : o.columns / P::kStep * P::kStep;
    for (int64_t k = 0; k < whole; k += P::kStep) step<R, N, false, kMapped>(o, k, 0, sum);
    if (whole < o.columns) step<R, N, true, kMapped>(o, whole, static_cast<int>(o.columns - whole), sum);
    reduce<R, N>(sum, out);
  }

  // acc += dot of 128 columns * (s * scale), lane by lane.
  template <int R, int N, bool kMapped>
  static void scaled(const Operands& o, float* out) {
    F total[R][N];
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) total[r][n] = V::zero();
    }
    const int64_t end = static_cast<int64_t>(round_up(o.columns, P::kStep));
    for (int64_t begin = 0, block = 0; begin < end; begin += kQuantBlock, ++block) {
      F sum[R][N];
#pragma GCC unroll 32
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
        for (int n = 0; n < N; ++n) sum[r][n] = V::zero();
      }
      const int64_t stop = begin + kQuantBlock < end ? begin + kQuantBlock : end;
      for (int64_t k = begin; k < stop; k += P::kStep) step<R, N, false, kMapped>(o, k, 0, sum);
#pragma GCC unroll 32
      for (int r = 0; r < R; ++r) {
        const F s = V::set1(o.x_scale[r][block]);
#pragma GCC unroll 32
        for (int n = 0; n < N; ++n) {
          total[r][n] = V::fma(sum[r][n], V::mul(s, V::set1(o.w_scale[n][block])), total[r][n]);
        }
      }
    }
    reduce<R, N>(total, out);
  }

  using Function = void (*)(const Operands&, float*);
  template <int R, int N, bool kMapped>
  static constexpr Function function() {
    if constexpr (P::kScaled) {
      return scaled<R, N, kMapped>;
    } else {
      return plain<R, N, kMapped>;
    }
  }

  // The tile of exactly `rows` x `outputs`.
  template <bool kMapped, int R = kRows, int N = kOutputs>
  static Function pick(int rows, int outputs) {
    if (outputs < N) {
      if constexpr (N > 1) return pick<kMapped, R, N - 1>(rows, outputs);
    }
    if (rows < R) {
      if constexpr (R > 1) return pick<kMapped, R - 1, N>(rows, outputs);
    }
    return function<R, N, kMapped>();
  }

  static size_t padded_bytes(int64_t columns) { return round_up(round_up(columns, P::kStep) * P::kElementBytes, 64); }

  static size_t packed_bytes(int64_t columns) {
    const size_t scales = P::kScaled ? round_up((columns + kQuantBlock - 1) / kQuantBlock * 4, 64) : 0;
    return padded_bytes(columns) + scales;
  }

  static void pack_row(const float* x, int64_t columns, void* packed) {
    char* out = static_cast<char*>(packed);
    P::pack(x, columns, out, reinterpret_cast<float*>(out + padded_bytes(columns)));
  }

  static void pack_weight_row(const Weight& weight, int64_t stride, int64_t n, void* packed) {
    P::convert(weight, stride, n, static_cast<char*>(packed));
  }

  static size_t scratch_bytes(int64_t columns) { return kOutputs * padded_bytes(columns); }

  // Rows that fit one tile pass over each weight once: writing it out widened would cost more than it saves.
  static bool is_mapped(const DotPanel& p) {
    if constexpr (P::kWidens) {
      return p.row_count <= kRows && p.weight.dtype == P::kStored && p.weight.columns % P::kStep == 0;
    }
    return false;
  }

  static Function tile_of(bool mapped, int rows, int outputs) {
    if constexpr (P::kWidens) {
      if (mapped) return pick<true>(rows, outputs);
    }
    return pick<false>(rows, outputs);
  }

  static void panel(const DotPanel& p) {
    const int64_t columns = p.weight.columns;
    const int64_t blocks = (columns + kQuantBlock - 1) / kQuantBlock;
    const bool mapped = is_mapped(p);
    const bool direct = mapped || (!P::kScaled && p.weight.dtype == P::kDirect);
    const int64_t stored_bytes = mapped ? bytes_of(p.weight.dtype) : P::kElementBytes;
    // Activation rows that stay in the second-level cache while the panel's outputs pass over them.
    constexpr size_t kCachedBytes = 512 * 1024;
    int64_t row_block = static_cast<int64_t>(kCachedBytes / packed_bytes(columns)) / kRows * kRows;
    if (row_block < 4 * kRows) row_block = 4 * kRows;
    Operands o;
    o.columns = columns;
    o.padded = !direct;
    for (int64_t row_begin = 0; row_begin < p.row_count; row_begin += row_block) {
      const int64_t row_end = row_begin + row_block < p.row_count ? row_begin + row_block : p.row_count;
      for (int64_t n = 0; n < p.outputs; n += kOutputs) {
        const int outputs = static_cast<int>(p.outputs - n < kOutputs ? p.outputs - n : kOutputs);
        for (int j = 0; j < outputs; ++j) {
          const int64_t row = p.first_output + n + j;
          if (direct) {
            o.w[j] = static_cast<const char*>(p.weight.data) + row * p.weight_stride * stored_bytes;
          } else {
            char* converted = static_cast<char*>(p.scratch) + j * padded_bytes(columns);
            P::convert(p.weight, p.weight_stride, row, converted);
            o.w[j] = converted;
          }
          if (P::kScaled) o.w_scale[j] = p.weight.scale + row / kQuantBlock * blocks;
        }
        for (int64_t r = row_begin; r < row_end; r += kRows) {
          const int rows = static_cast<int>(row_end - r < kRows ? row_end - r : kRows);
          for (int i = 0; i < rows; ++i) {
            o.x[i] = static_cast<const char*>(p.rows[r + i]);
            if (P::kScaled) o.x_scale[i] = reinterpret_cast<const float*>(o.x[i] + padded_bytes(columns));
          }
          float out[(kRows * kOutputs + 7) / 8 * 8];
          tile_of(mapped, rows, outputs)(o, out);
          for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < outputs; ++j) {
              const float bias = p.bias == nullptr ? 0.0f : p.bias[p.first_output + n + j];
              p.y[r + i][n + j] = p.bias == nullptr ? out[i * outputs + j] : out[i * outputs + j] + bias;
            }
          }
        }
      }
    }
  }

  static constexpr DotKernels kernels() {
    return {kOutputs, packed_bytes, pack_row, pack_weight_row, P::kDirect, P::kStep, scratch_bytes, panel};
  }
};

// Products in float32 of operands widened to float32, for any vector type.
template <class Vector, Precision kPrecision, int kTileRows, int kTileOutputs>
struct FloatProduct {
  using V = Vector;
  using Operand = typename V::F;
  static constexpr int kRows = kTileRows;
  static constexpr int kOutputs = kTileOutputs;
  static constexpr bool kScaled = kPrecision == Precision::kFP8;
  static constexpr int kStep = V::kLanes;
  static constexpr int kElementBytes = 4;
  static constexpr DType kDirect = DType::kF32;
  static constexpr bool kWidens = kPrecision != Precision::kF32;
  static constexpr DType kStored = kScaled ? DType::kF8E4M3 : DType::kBF16;

  EVALRUN_INLINE static Operand load_stored(const char* p) { return load_as_float<V, kStored>(p); }
  EVALRUN_INLINE static Operand load(const char* p) { return V::load(p); }
  EVALRUN_INLINE static Operand load_first(const char* p, int count) { return V::load_first(p, count); }
  EVALRUN_INLINE static typename V::F multiply_add(typename V::F sum, Operand x, Operand w) {
    return V::fma(x, w, sum);
  }

  static void convert(const Weight& weight, int64_t stride, int64_t n, char* out) {
    widen_weight_row<V>(weight, stride, n, !kScaled, reinterpret_cast<float*>(out));
  }

  static void pack(const float* x, int64_t columns, char* out, float* scales) {
    float* values = reinterpret_cast<float*>(out);
    if constexpr (kScaled) {
      quantise_row<V>(x, columns, scales, [&](int64_t i, typename V::F codes) { V::store(values + i, codes); });
    } else {
      for (int64_t i = 0; i < columns; i += V::kLanes) {
        const typename V::F v =
            V::load_first(x + i, static_cast<int>(columns - i < V::kLanes ? columns - i : V::kLanes));
        V::store(values + i, kPrecision == Precision::kBF16 ? round_bf16<V>(v) : v);
      }
    }
  }
};

}  // namespace evalrun

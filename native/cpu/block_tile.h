// The kernels of block_kernels.h as templates over a product P.
//
//   V                       the vector type
//   kRows, kGroups          the register tile: rows of A, column groups of B
//   kGroup, kVectors        lanes of a column group, and the vectors of sums that hold it
//   kPair                   inner indices that one multiply_add takes (1, or 2 for vdpbf16ps)
//   Element                 of packed A
//   Row                     kPair consecutive rows of B in one column group
//   load<type>(b, stride, count, first, second)   a Row; only `count` columns are read; first/second: read that row, or zeros
//   broadcast(a)            kPair elements of A in all lanes
//   multiply_add(sum[kVectors], a, row)
//   load_sums, store_sums   a column group of C in order
//   pack(x, n, out)
#pragma once
#include "cpu/block_kernels.h"
#include "cpu/dot_convert.h"
#include "cpu/vector_exp.h"

namespace evalrun {

template <class P>
struct BlockTile {
  using V = typename P::V;
  using F = typename V::F;
  using Element = typename P::Element;

  // Rows [row, row + R) and columns [column, column + G groups), the last group of `last` columns, over inner [begin, end).
  template <DType kType, int R, int G>
  static void tile(const BlockProduct& o, int row, int column, int last, int begin, int end, const float* alpha) {
    F sum[R][G][P::kVectors];
    const Element* a[R];
    for (int r = 0; r < R; ++r) {
      a[r] = reinterpret_cast<const Element*>(static_cast<const char*>(o.a) + (row + r) * o.a_stride);
      for (int g = 0; g < G; ++g) {
        if (alpha == nullptr) {
          for (int v = 0; v < P::kVectors; ++v) sum[r][g][v] = V::zero();
        } else {
          P::load_sums(o.c + (row + r) * o.c_stride + column + g * P::kGroup, sum[r][g]);
          for (int v = 0; v < P::kVectors; ++v) sum[r][g][v] = V::mul(sum[r][g][v], V::set1(alpha[r]));
        }
      }
    }
    const char* b = static_cast<const char*>(o.b) + column * bytes_of(kType);
    const int64_t stride = o.b_stride * bytes_of(kType);
    auto add = [&](int i, bool first, bool second, auto whole) EVALRUN_LAMBDA_INLINE {
      typename P::Row rows[G];
      for (int g = 0; g < G; ++g) {
        const int count = decltype(whole)::value || g + 1 < G ? P::kGroup : last;
        rows[g] = P::template load<kType>(b + i * stride + g * P::kGroup * bytes_of(kType), stride, count, first, second);
      }
      for (int r = 0; r < R; ++r) {
        const auto operand = P::broadcast(a[r] + i);
        for (int g = 0; g < G; ++g) P::multiply_add(sum[r][g], operand, rows[g]);
      }
    };
    // Pairs begin at even indices wherever a row's range begins or ends.
    int i = begin / P::kPair * P::kPair;
    if (i < begin) {
      add(i, false, i + 1 < end, No{});
      i += P::kPair;
    }
    if (last == P::kGroup) {
      for (; i + P::kPair <= end; i += P::kPair) add(i, true, true, Yes{});
    } else {
      for (; i + P::kPair <= end; i += P::kPair) add(i, true, true, No{});
    }
    if (i < end) add(i, true, false, No{});
    for (int r = 0; r < R; ++r) {
      for (int g = 0; g < G; ++g) P::store_sums(o.c + (row + r) * o.c_stride + column + g * P::kGroup, sum[r][g]);
    }
  }

  template <DType kType, int R, int G = P::kGroups>
  static void columns(const BlockProduct& o, int row, int begin, int end, const float* alpha) {
    int column = 0;
    for (; column + G * P::kGroup <= o.columns; column += G * P::kGroup) {
      tile<kType, R, G>(o, row, column, P::kGroup, begin, end, alpha);
    }
    if (column < o.columns) last_columns<kType, R, G>(o, row, column, begin, end, alpha);
  }

  template <DType kType, int R, int G>
  static void last_columns(const BlockProduct& o, int row, int column, int begin, int end, const float* alpha) {
    const int left = o.columns - column;
    if constexpr (G > 1) {
      if (left <= (G - 1) * P::kGroup) return last_columns<kType, R, G - 1>(o, row, column, begin, end, alpha);
    }
    tile<kType, R, G>(o, row, column, left - (G - 1) * P::kGroup, begin, end, alpha);
  }

  template <DType kType, int R>
  static void some_rows(const BlockProduct& o, int row, int rows, int begin, int end, const float* alpha) {
    if constexpr (R > 1) {
      if (rows < R) return some_rows<kType, R - 1>(o, row, rows, begin, end, alpha);
    }
    columns<kType, R>(o, row, begin, end, alpha);
  }

  // The range that all rows share goes through one tile; what a row has before and behind it, row by row. A row's chain of
  // additions is the same either way.
  template <DType kType>
  static void row_tile(const BlockProduct& o, int row, int rows) {
    int begin = 0;
    int end = 1 << 30;
    for (int r = row; r < row + rows; ++r) {
      begin = o.begin[r] > begin ? o.begin[r] : begin;
      end = o.end[r] < end ? o.end[r] : end;
    }
    bool equal = true;
    for (int r = row; r < row + rows; ++r) equal = equal && o.begin[r] == begin && o.end[r] == end;
    const float* alpha = o.alpha == nullptr ? nullptr : o.alpha + row;
    if (equal) return some_rows<kType, P::kRows>(o, row, rows, begin, end, alpha);
    begin = (begin + P::kPair - 1) / P::kPair * P::kPair;
    end = end / P::kPair * P::kPair;
    const bool shared = begin < end;
    float ones[P::kRows];
    for (float& one : ones) one = 1;
    bool started[P::kRows] = {};
    for (int r = row; r < row + rows; ++r) {
      const int stop = shared ? begin : o.end[r];
      if (shared && o.begin[r] >= stop) continue;
      columns<kType, 1>(o, r, o.begin[r], stop, alpha == nullptr ? nullptr : alpha + (r - row));
      started[r - row] = true;
    }
    if (!shared) return;
    // Rows that have begun carry on from their sums, the others start here.
    float factors[P::kRows];
    for (int r = 0; r < rows; ++r) factors[r] = started[r] ? 1.0f : alpha == nullptr ? 0.0f : alpha[r];
    if (alpha == nullptr) {
      for (int r = 0; r < rows; ++r) {
        if (started[r]) continue;
        float* c = o.c + (row + r) * o.c_stride;
        for (int i = 0; i < o.columns; i += V::kLanes) V::store(c + i, V::zero());
      }
    }
    some_rows<kType, P::kRows>(o, row, rows, begin, end, factors);
    for (int r = row; r < row + rows; ++r) {
      if (o.end[r] > end) columns<kType, 1>(o, r, end, o.end[r], ones);
    }
  }

  static void product(const BlockProduct& o) {
    for (int row = 0; row < o.rows; row += P::kRows) {
      const int rows = o.rows - row < P::kRows ? o.rows - row : P::kRows;
      if (o.b_type == DType::kF32) {
        if constexpr (P::kPair == 1) row_tile<DType::kF32>(o, row, rows);
      } else {
        row_tile<DType::kBF16>(o, row, rows);
      }
    }
  }

  static void softmax(const BlockSoftmax& o) {
    constexpr int kVectors = kPageTokens / V::kLanes;
    for (int r = 0; r < o.rows; ++r) {
      Element* p = reinterpret_cast<Element*>(static_cast<char*>(o.p) + r * o.p_stride);
      if (o.begin[r] >= o.end[r]) {
        o.alpha[r] = 1;
        for (int v = 0; v < kVectors; ++v) P::store_operand(p + v * V::kLanes, V::zero());
        continue;
      }
      F s[kVectors];
      F largest = V::set1(o.running_max[r]);
      for (int v = 0; v < kVectors; ++v) {
        const auto inside = V::between(o.begin[r] - v * V::kLanes, o.end[r] - v * V::kLanes);
        s[v] = V::mul(V::load(o.scores + r * kPageTokens + v * V::kLanes), V::set1(o.scale));
        s[v] = V::select(inside, V::set1(-__builtin_inff()), s[v]);
        largest = V::max(s[v], largest);
      }
      const float maximum = V::maximum(largest);
      F sum[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        const auto inside = V::between(o.begin[r] - v * V::kLanes, o.end[r] - v * V::kLanes);
        sum[v] = V::select(inside, V::zero(), exp<V>(V::sub(s[v], V::set1(maximum))));
        P::store_operand(p + v * V::kLanes, sum[v]);
      }
      for (int step = kVectors / 2; step > 0; step /= 2) {
        for (int v = 0; v < step; ++v) sum[v] = V::add(sum[v], sum[v + step]);
      }
      float alpha[V::kLanes];
      V::store(alpha, exp<V>(V::set1(o.running_max[r] - maximum)));
      o.alpha[r] = alpha[0];
      o.total[r] = o.total[r] * alpha[0] + V::sum(sum[0]);
      o.running_max[r] = maximum;
    }
  }

  static void pack(const float* x, int n, void* out) {
    Element* operands = static_cast<Element*>(out);
    int i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) P::store_operand(operands + i, V::load(x + i));
    if (i == n) return;
    Element tail[V::kLanes];
    P::store_operand(tail, V::load_first(x + i, n - i));
    for (int j = 0; i + j < (n + 1) / 2 * 2; ++j) operands[i + j] = tail[j];
  }

  static void divide(const float* x, float divisor, int n, float* y) {
    for (int i = 0; i < n; i += V::kLanes) V::store_first(y + i, V::div(V::load_first(x + i, n - i), V::set1(divisor)), n - i);
  }

  static void store_bf16(const float* x, int n, uint16_t* y) {
    int i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) {
      V::store_u16(y + i, V::template shr<16>(V::bits(round_bf16<V>(V::load(x + i)))));
    }
    if (i == n) return;
    uint16_t tail[V::kLanes];
    V::store_u16(tail, V::template shr<16>(V::bits(round_bf16<V>(V::load_first(x + i, n - i)))));
    for (int j = 0; i + j < n; ++j) y[i + j] = tail[j];
  }

  static constexpr BlockKernels kernels() {
    return {P::kGroup, sizeof(Element), pack, product, softmax, divide, store_bf16};
  }

 private:
  struct Yes {
    static constexpr bool value = true;
  };
  struct No {
    static constexpr bool value = false;
  };
};

// Products in float32; with kRound the operands of A are rounded to bfloat16.
template <class Vector, bool kRound, int kTileRows, int kTileGroups>
struct FloatBlock {
  using V = Vector;
  using F = typename V::F;
  using Element = float;
  using Row = F;
  static constexpr int kRows = kTileRows;
  static constexpr int kGroups = kTileGroups;
  static constexpr int kGroup = V::kLanes;
  static constexpr int kVectors = 1;
  static constexpr int kPair = 1;

  template <DType kType>
  EVALRUN_INLINE static Row load(const char* b, int64_t, int count, bool, bool) {
    if constexpr (kType == DType::kF32) return count == kGroup ? V::load(b) : V::load_first(b, count);
    return V::from_bits(V::template shl<16>(count == kGroup ? V::load_u16(b) : V::load_u16_first(b, count)));
  }
  EVALRUN_INLINE static F broadcast(const float* a) { return V::set1(*a); }
  EVALRUN_INLINE static void multiply_add(F* sum, F a, Row b) { sum[0] = V::fma(a, b, sum[0]); }
  EVALRUN_INLINE static void load_sums(const float* c, F* sum) { sum[0] = V::load(c); }
  EVALRUN_INLINE static void store_sums(float* c, const F* sum) { V::store(c, sum[0]); }
  EVALRUN_INLINE static void store_operand(float* out, F x) { V::store(out, kRound ? round_bf16<V>(x) : x); }
};

}  // namespace evalrun

// The kernels of block_kernels.h as templates over a product P.
//
//   V                       the vector type
//   kRows, kGroups          the register tile: rows of A, column groups of B
//   kGroup, kVectors        lanes of a column group, and the vectors of sums that hold it
//   kPair                   inner indices that one multiply_add takes (1, or 2 for vdpbf16ps)
//   Element                 of packed A
//   load<type, v>(b, stride, count, first, second)   vector v of a column group of kPair consecutive rows of B; only
//   `count`
//                           columns are read; first/second: read that row, or zeros
//   broadcast(a)            kPair elements of A in all lanes
//   multiply_add(sum, a, b)
//   from_order<v>(x, y), to_order<v>(x, y)   vector v of a column group's sums (kVectors 2), from vectors of
//   consecutive
//                           columns and back to them
//   store_operand(out, x)   a vector of float32 as Elements
//   kBase2                  whether the softmax is in powers of 2, in whose unit the running maximum then is, too
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

  // Adds the pair of inner indices i, i + 1 (or i alone) to all sums. b points to row i of B.
  template <DType kType, int R, int G, bool kWhole>
  EVALRUN_INLINE static void step(const Element* const* a, const char* b, int64_t stride, int64_t i, int last,
                                  bool first, bool second, F (&sum)[R][G * P::kVectors]) {
    typename P::Operand w[G * P::kVectors];
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) {
      const int count = kWhole || g + 1 < G ? P::kGroup : last;
      const char* from = b + g * P::kGroup * bytes_of(kType);
      w[g * P::kVectors] = P::template load<kType, 0>(from, stride, count, first, second);
      if constexpr (P::kVectors == 2) w[g * 2 + 1] = P::template load<kType, 1>(from, stride, count, first, second);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const typename P::Operand operand = P::broadcast(a[r] + i);
#pragma GCC unroll 8
      for (int n = 0; n < G * P::kVectors; ++n) sum[r][n] = P::multiply_add(sum[r][n], operand, w[n]);
    }
  }

  // Rows [row, row + R) and columns [column, column + G groups), the last group of `last` columns, over inner [begin,
  // end).
  template <DType kType, int R, int G>
  static void tile(const BlockProduct& o, int row, int column, int last, int begin, int end, const float* alpha) {
    // Indexed by constants only, once the loops are unrolled: the compiler keeps the sums in registers.
    constexpr int kVectors = P::kVectors;
    F sum[R][G * kVectors];
    const Element* a[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      a[r] = reinterpret_cast<const Element*>(static_cast<const char*>(o.a) + (row + r) * o.a_stride);
      const float* c = o.c + (row + r) * o.c_stride + column;
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) {
        const F factor = alpha == nullptr ? V::zero() : V::set1(alpha[r]);
        if constexpr (kVectors == 1) {
          sum[r][g] = alpha == nullptr ? V::zero() : V::mul(V::load(c + g * V::kLanes), factor);
        } else {
          const F x = alpha == nullptr ? V::zero() : V::mul(V::load(c + 2 * g * V::kLanes), factor);
          const F y = alpha == nullptr ? V::zero() : V::mul(V::load(c + (2 * g + 1) * V::kLanes), factor);
          sum[r][2 * g] = P::template from_order<0>(x, y);
          sum[r][2 * g + 1] = P::template from_order<1>(x, y);
        }
      }
    }
    const char* b = static_cast<const char*>(o.b) + column * bytes_of(kType);
    const int64_t stride = o.b_stride * bytes_of(kType);
    // Pairs begin at even indices wherever a row's range begins or ends.
    int64_t i = begin / P::kPair * P::kPair;
    if (i < begin) {
      step<kType, R, G, false>(a, b + i * stride, stride, i, last, false, i + 1 < end, sum);
      i += P::kPair;
    }
    if (last == P::kGroup) {
      for (; i + P::kPair <= end; i += P::kPair)
        step<kType, R, G, true>(a, b + i * stride, stride, i, last, true, true, sum);
    } else {
      for (; i + P::kPair <= end; i += P::kPair)
        step<kType, R, G, false>(a, b + i * stride, stride, i, last, true, true, sum);
    }
    if (i < end) step<kType, R, G, false>(a, b + i * stride, stride, i, last, true, false, sum);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      float* c = o.c + (row + r) * o.c_stride + column;
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) {
        if constexpr (kVectors == 1) {
          V::store(c + g * V::kLanes, sum[r][g]);
        } else {
          V::store(c + 2 * g * V::kLanes, P::template to_order<0>(sum[r][2 * g], sum[r][2 * g + 1]));
          V::store(c + (2 * g + 1) * V::kLanes, P::template to_order<1>(sum[r][2 * g], sum[r][2 * g + 1]));
        }
      }
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

  // The range that all rows share goes through one tile; what a row has before and behind it, row by row. A row's chain
  // of additions is the same either way.
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

  EVALRUN_INLINE static F power(F x) {
    if constexpr (P::kBase2) return exp2_normal<V>(x);
    return exp_normal<V>(x);
  }

  static constexpr int kSoftmaxRows = 8;

  // Rows [first, first + rows), at most kSoftmaxRows of them, whose maxima and sums are taken together.
  static void softmax_rows(const BlockSoftmax& o, int first, int rows) {
    constexpr int kVectors = kPageTokens / V::kLanes;
    const F unit = V::set1(P::kBase2 ? o.scale * kLog2E : o.scale);
    const auto score = [&](int r, int v) { return V::mul(V::load(o.scores + r * kPageTokens + v * V::kLanes), unit); };
    const auto whole = [&](int r) { return o.begin[r] == 0 && o.end[r] == kPageTokens; };
    const auto keys = [&](int r, int v) { return V::between(o.begin[r] - v * V::kLanes, o.end[r] - v * V::kLanes); };
    F values[kSoftmaxRows];
    float across[kSoftmaxRows];
    for (int i = 0; i < kSoftmaxRows; ++i) {
      const int r = first + i;
      F largest = V::set1(-__builtin_inff());
      if (i < rows && whole(r)) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) largest = V::max(score(r, v), largest);
      } else if (i < rows) {
        for (int v = 0; v < kVectors; ++v) largest = V::select(keys(r, v), largest, V::max(score(r, v), largest));
      }
      values[i] = largest;
    }
    V::maximum8(values, across);
    const F before = V::load_first(o.running_max + first, rows);
    const F maximum = V::max(V::load_first(across, rows), before);
    // 1 to the bit where nothing was larger, which is so in an empty range.
    const F alpha = V::select(V::less(before, maximum), V::set1(1.0f), power(V::sub(before, maximum)));
    V::store_first(o.running_max + first, maximum, rows);
    V::store_first(o.alpha + first, alpha, rows);
    for (int i = 0; i < kSoftmaxRows; ++i) {
      values[i] = V::zero();
      if (i >= rows) continue;
      const int r = first + i;
      Element* p = reinterpret_cast<Element*>(static_cast<char*>(o.p) + r * o.p_stride);
      const F largest = V::set1(o.running_max[r]);
      F sum[kVectors];
      if (whole(r)) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[v] = power(V::sub(score(r, v), largest));
      } else {
        for (int v = 0; v < kVectors; ++v) sum[v] = V::select(keys(r, v), V::zero(), power(V::sub(score(r, v), largest)));
      }
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) P::store_operand(p + v * V::kLanes, sum[v]);
#pragma GCC unroll 4
      for (int step = kVectors / 2; step > 0; step /= 2) {
        for (int v = 0; v < step; ++v) sum[v] = V::add(sum[v], sum[v + step]);
      }
      values[i] = sum[0];
    }
    V::sum8(values, across);
    const F total = V::mul(V::load_first(o.total + first, rows), alpha);
    V::store_first(o.total + first, V::add(total, V::load_first(across, rows)), rows);
  }

  static void softmax(const BlockSoftmax& o) {
    for (int first = 0; first < o.rows; first += kSoftmaxRows)
      softmax_rows(o, first, o.rows - first < kSoftmaxRows ? o.rows - first : kSoftmaxRows);
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
    for (int i = 0; i < n; i += V::kLanes)
      V::store_first(y + i, V::div(V::load_first(x + i, n - i), V::set1(divisor)), n - i);
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

  // 48 rows: enough that a block of keys is read from the first-level cache by most of them.
  // A P with a softmax of its own needs no kBase2.
  static constexpr BlockKernels kernels(void (*own_softmax)(const BlockSoftmax&) = softmax) {
    return {48, 1, P::kGroup, sizeof(Element), pack, product, own_softmax, divide, store_bf16, nullptr, nullptr, nullptr, nullptr};
  }
};

// Products in float32; with kRound the operands of A are rounded to bfloat16.
template <class Vector, bool kRound, int kTileRows, int kTileGroups>
struct FloatBlock {
  using V = Vector;
  using F = typename V::F;
  using Element = float;
  using Operand = F;
  static constexpr int kRows = kTileRows;
  static constexpr int kGroups = kTileGroups;
  static constexpr int kGroup = V::kLanes;
  static constexpr int kVectors = 1;
  static constexpr int kPair = 1;
  static constexpr bool kBase2 = kRound;

  template <DType kType, int>
  EVALRUN_INLINE static F load(const char* b, int64_t, int count, bool, bool) {
    if constexpr (kType == DType::kF32) return count == kGroup ? V::load(b) : V::load_first(b, count);
    return V::from_bits(V::template shl<16>(count == kGroup ? V::load_u16(b) : V::load_u16_first(b, count)));
  }
  EVALRUN_INLINE static F broadcast(const float* a) { return V::set1(*a); }
  EVALRUN_INLINE static F multiply_add(F sum, F a, F b) { return V::fma(a, b, sum); }
  EVALRUN_INLINE static void store_operand(float* out, F x) { V::store(out, kRound ? round_bf16<V>(x) : x); }
};

}  // namespace evalrun

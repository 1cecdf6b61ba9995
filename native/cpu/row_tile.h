// The loops of row_kernels.h as templates over the vector type V.
#pragma once
#include "cpu/dot_convert.h"
#include "cpu/row_kernels.h"
#include "cpu/vector_exp.h"

namespace evalrun {

template <class V>
struct RowTile {
  using F = typename V::F;

  static int left(int64_t n, int64_t i) { return static_cast<int>(n - i < V::kLanes ? n - i : V::kLanes); }

  static void gated_act(const float* gate, const float* up, int64_t n, float* y) {
    for (int64_t i = 0; i < n; i += V::kLanes) {
      const F g = V::load_first(gate + i, left(n, i));
      const F u = V::load_first(up + i, left(n, i));
      const F silu = V::div(g, V::add(V::set1(1.0f), exp<V>(V::sub(V::zero(), g))));
      V::store_first(y + i, V::mul(silu, u), left(n, i));
    }
  }

  static void add(float* x, const float* delta, int64_t n) {
    for (int64_t i = 0; i < n; i += V::kLanes) {
      V::store_first(x + i, V::add(V::load_first(x + i, left(n, i)), V::load_first(delta + i, left(n, i))), left(n, i));
    }
  }

  static void norm(const float* x, const float* weight, float eps, bool round_normalized, int n, float* y) {
    F squares[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
    for (int i = 0, lane = 0; i < n; i += V::kLanes, lane = (lane + 1) % 4) {
      const F v = V::load_first(x + i, left(n, i));
      squares[lane] = V::fma(v, v, squares[lane]);
    }
    const float sum = V::sum(V::add(V::add(squares[0], squares[1]), V::add(squares[2], squares[3])));
    const F inverse = V::set1(1.0f / __builtin_sqrtf(sum / static_cast<float>(n) + eps));
    for (int i = 0; i < n; i += V::kLanes) {
      const F normalized = V::mul(V::load_first(x + i, left(n, i)), inverse);
      const F rounded = round_normalized ? round_bf16<V>(normalized) : normalized;
      V::store_first(y + i, V::mul(V::load_first(weight + i, left(n, i)), rounded), left(n, i));
    }
  }

  static void widen(const Weight& weight, float* out) { widen_weight_row<V>(weight, weight.columns, 0, true, out); }

  static LogitTile logit_tile(const float* x, int n) {
    F largest = V::set1(-__builtin_inff());
    for (int i = 0; i < n; i += V::kLanes) {
      const F v = V::select(V::between(0, left(n, i)), V::set1(-__builtin_inff()), V::load_first(x + i, left(n, i)));
      largest = V::max(v, largest);
    }
    const float maximum = V::maximum(largest);
    const float base = maximum > -__builtin_inff() ? maximum : 0;
    F sum = V::zero();
    for (int i = 0; i < n; i += V::kLanes) {
      const F p = exp<V>(V::sub(V::load_first(x + i, left(n, i)), V::set1(base)));
      sum = V::add(sum, V::select(V::between(0, left(n, i)), V::zero(), p));
    }
    int best = -1;
    for (int i = 0; i < n && maximum > -__builtin_inff(); ++i) {
      if (x[i] == maximum) {
        best = i;
        break;
      }
    }
    return {maximum, V::sum(sum), best};
  }

  static constexpr RowKernels kernels() { return {gated_act, add, norm, widen, logit_tile}; }
};

}  // namespace evalrun

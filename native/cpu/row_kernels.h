// Loops over one row of float32: activations, norms and the softmax statistics of a tile of logits.
// As in dot_kernels.h: the border between files compiled for an instruction set and the drivers.
#pragma once
#include <cstdint>

#include "ops/ops.h"

namespace evalrun {

struct LogitTile {
  float maximum;  // of the numbers that are not NaN
  float sum;      // of exp(x - maximum)
  int best;       // first place of the maximum, or -1 if it is -infinity
};

struct RowKernels {
  // y = silu(gate) * up over n elements; y may be gate.
  void (*gated_act)(const float* gate, const float* up, int64_t n, float* y);
  // x += delta over n elements.
  void (*add)(float* x, const float* delta, int64_t n);
  // y = weight * x / sqrt(mean(x^2) + eps) over n columns; y may be x. The sum of squares is one fixed tree of n.
  void (*norm)(const float* x, const float* weight, float eps, bool round_normalized, int n, float* y);
  // A stored weight vector as float32; `out` holds n rounded up to a multiple of 16.
  void (*widen)(const Weight& weight, float* out);
  LogitTile (*logit_tile)(const float* x, int n);
};

extern const RowKernels kRowAvx2;
extern const RowKernels kRowAvx512;
extern const RowKernels kRowNeon;

}  // namespace evalrun

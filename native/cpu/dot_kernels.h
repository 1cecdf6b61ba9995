// Dot products of activation rows with weight rows: the inner part of Linear, GroupedLinear and LogProbs.
//
// Idea: lanes run along K, the direction in which both operands are contiguous, so weights are used where they are
// mapped. Every output has one vector of partial sums, lane l of which adds columns l, l + L, l + 2L .. in order (L is
// the kernel's step), and one fixed tree adds the lanes. So an output depends on its own two rows and on K, whatever
// tile, thread or batch computed it. Register tiles only decide how often a loaded vector is used.
//
// This header is the border between the files compiled for an instruction set, which see raw pointers only, and the
// drivers, which own threads and memory.
#pragma once
#include <cstddef>
#include <cstdint>

#include "ops/ops.h"

namespace evalrun {

// Outputs [first_output, first_output + outputs) of the weight, for `rows` packed rows: y[r][i] is output first_output
// + i.
struct DotPanel {
  Weight weight;
  int64_t weight_stride;  // elements between its rows: weight.columns, or more where the rows are parts of wider ones
  int64_t first_output;
  int64_t outputs;
  const void* const* rows;  // packed by pack_row or pack_weight_row
  float* const* y;
  int row_count;
  const float* bias;  // [weight.rows] or null
  void* scratch;      // scratch_bytes(K), 64-byte aligned
};

// One instruction set and precision.
struct DotKernels {
  // Outputs in a register tile: pieces that are a multiple of it waste nothing.
  int output_tile;
  // Bytes of a packed row of K columns: converted (rounded, quantised with its scales behind it) and zero-padded.
  size_t (*packed_bytes)(int64_t columns);
  void (*pack_row)(const float* x, int64_t columns, void* packed);
  // The same for row n of something stored as a weight; rows of `operand` type that are a multiple of `step` long need
  // no packing.
  void (*pack_weight_row)(const Weight& weight, int64_t stride, int64_t n, void* packed);
  DType operand;
  int step;
  size_t (*scratch_bytes)(int64_t columns);
  void (*panel)(const DotPanel& panel);
};

// Indexed by Precision. kBF16 and kFP8 of avx2, avx512 and neon multiply the rounded operands in float32, which is exact;
// vdpbf16ps of avx512_bf16 adds pairs of products with its own rounding, so its sums differ in the last bits.
extern const DotKernels kDotAvx2[3];
extern const DotKernels kDotAvx512[3];
extern const DotKernels kDotAvx512Bf16[3];  // kF32 is kDotAvx512's
extern const DotKernels kDotAmx[2];         // kBF16 only; packs rows as kDotAvx512Bf16 does
extern const DotKernels kDotNeon[3];

}  // namespace evalrun

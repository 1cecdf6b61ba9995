// silu(gate) * up as the FP8 operand of the next product: gated_act and convert_operand (operand.cuh) in one, to the bit, of one or two
// pairs of matrices.
#pragma once
#include "cuda/kernels/elements.cuh"
#include "cuda/kernels/operand.cuh"

namespace evalrun::cuda {

constexpr int kMostGatedPairs = 2;

struct GatedPair {
  ConvertArguments gate;  // and where the codes go
  const float* up;        // laid out as gate.x
};

struct GatedPairs {
  GatedPair pair[kMostGatedPairs];
  int64_t blocks_of_first;
};

// A warp to each group of 128 columns.
__global__ void __launch_bounds__(32 * kConvertWarps) gated_operand(const __grid_constant__ GatedPairs in) {
  begin_kernel();
  const bool second = blockIdx.x >= in.blocks_of_first;
  const GatedPair& pair = in.pair[second ? 1 : 0];
  const ConvertArguments& gate = pair.gate;
  const int64_t block = second ? blockIdx.x - in.blocks_of_first : blockIdx.x;
  const int64_t group = block * kConvertWarps + threadIdx.x / 32;
  if (group >= static_cast<int64_t>(gate.rows) * gate.groups) return;
  const int row = static_cast<int>(group / gate.groups);
  const int column = static_cast<int>(group % gate.groups) * kQuantBlock + static_cast<int>(threadIdx.x) % 32 * 4;
  float value[4], up[4];
  load_four(gate, gate.x, row, column, value);
  load_four(gate, pair.up, row, column, up);
#pragma unroll
  for (int i = 0; i < 4; ++i) value[i] = gated(value[i], up[i]);
  store_codes(value, gate.values + row * gate.row_bytes + column, gate.scales + group);
}

}  // namespace evalrun::cuda

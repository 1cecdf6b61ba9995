// One tile of y = a . w^T by wgmma: a warpgroup has 64 rows of it and all columns, and reads both operands where the copies put them.
//
// A shape's kWarpRows is 16 and kWarpColumns its columns, so that a lane's sums lie where LanePlace says. Rows that a tile lacks are
// zeros, written once; no result depends on them. Every shape adds in the same order with the same instructions:
//   bfloat16  one chain of k16 over k
//   e4m3      per panel a chain of four k32 from zero, then sum = fma(panel, s_a * s_w, sum)
// FP8's panel has registers of its own beside the sums, for at most 128 columns: a wider tile is multiplied part by part, and while one
// warpgroup scales a part, the matrix units have the other's.
#pragma once
#include <type_traits>

#include "cuda/kernels/wgmma.cuh"

namespace evalrun::cuda {

template <int kRows, int kColumns, int kPanels, int kStages, int kBlocksPerSm>
using WgmmaShape = TileShape<kRows, kColumns, 16, kColumns, kPanels, kStages, kBlocksPerSm>;

// sum (of a panel) += or = a panel's products.
template <Codes kCodes, int kAcross>
__device__ __forceinline__ void issue_panel(WgmmaSums<kAcross>& sum, uint64_t a, uint64_t w) {
  constexpr int kStepBytes = 2 * kChunkBytes;
#pragma unroll
  for (int step = 0; step < kStepsOfPanel; ++step) {
    const uint64_t further = static_cast<uint64_t>(step * kStepBytes >> 4);
    if constexpr (kCodes == Codes::kBF16) {
      wgmma_bf16<kAcross>(sum, a + further, w + further, true);
    } else {
      wgmma_e4m3<kAcross>(sum, a + further, w + further, step > 0);
    }
  }
}

// bfloat16's products of a stage run on while the next one's are issued; FP8's are waited for, because their sums are scaled.
template <Codes kCodes>
constexpr bool kRunsOn = kCodes == Codes::kBF16;
// FP8 with a panel to a stage: the barrier in front of a stage is passed, and more copies are asked for, while the last stage's last
// products run.
template <Codes kCodes, class Shape>
constexpr bool kMeetsInFlight = kCodes == Codes::kE4M3 && Shape::kPanels == 1;
// Stages that are asked for before the first is multiplied.
template <Codes kCodes, class Shape>
constexpr int kStagesAhead = Shape::kStages - 1 - (kRunsOn<kCodes> ? 1 : 0);

// Asks for a tile's first stages. Nobody reads shared memory.
template <Codes kCodes, class Shape, class Loader>
__device__ __forceinline__ void begin_tile_wgmma(const Loader& loader, unsigned char* shared) {
  constexpr int kAhead = kStagesAhead<kCodes, Shape>;
  // Weights need not wait for the kernel before.
  for (int stage = 0; stage < kAhead; ++stage) loader.load_weights(shared + stage * Shape::kStageBytes, stage * Shape::kPanels);
  wait_for_last();
  for (int stage = 0; stage < kAhead; ++stage) {
    loader.load_activations(shared + stage * Shape::kStageBytes, stage * Shape::kPanels, true);
    copy_async_commit();
  }
}

// sum = the products of a tile that has been begun, without a bias.
template <Codes kCodes, class Shape, class Loader>
__device__ __forceinline__ void finish_tile_wgmma(const TileInput& in, const TileRows& rows, const Loader& loader, unsigned char* shared,
                                                  TileSums<Shape>& sum) {
  static_assert(Shape::kWarpRows == 16 && Shape::kWarpColumns == Shape::kColumns && Shape::kRows % kWgmmaRows == 0);
  static_assert(Shape::kRows * kPanelRowBytes % kWgmmaSwizzleBytes == 0 && Shape::kPanelBytes % kWgmmaSwizzleBytes == 0);
  constexpr int kAhead = kStagesAhead<kCodes, Shape>;
  static_assert(kAhead >= 1);
  const uint64_t a = wgmma_descriptor(shared + static_cast<int>(threadIdx.x) / kWarpgroup * kWgmmaRows * kPanelRowBytes);
  const uint64_t w = wgmma_descriptor(shared + Shape::kRows * kPanelRowBytes);
  clear<Shape>(sum);
  int stage = 0, free_stage = kAhead;  // places of what is multiplied, and of what is loaded next
  int next_panel = kAhead * Shape::kPanels;
  // Behind the barrier the stage's copies are there for all, and the products of the last stage but one (FP8: the last) are done in
  // all warpgroups, so that its place is free.
  const auto meet = [&](auto under_way) {
    copy_async_wait<decltype(under_way)::value>();
    fence_proxy_async();
    __syncthreads();
  };
  const auto begin_stage = [&] { meet(std::integral_constant<int, kAhead - 1>()); };
  const auto end_stage = [&] {
    loader.load(shared + free_stage * Shape::kStageBytes, next_panel, next_panel < Shape::kStages * Shape::kPanels);
    copy_async_commit();
    next_panel += Shape::kPanels;
    free_stage = free_stage + 1 == Shape::kStages ? 0 : free_stage + 1;
    stage = stage + 1 == Shape::kStages ? 0 : stage + 1;
  };
  // kMeetsInFlight: to the next stage, before which the last stage but one is done.
  const auto next_stage = [&] {
    meet(std::integral_constant<int, kAhead - 2>());
    end_stage();
  };
  // A warpgroup without rows leaves the matrix units to the others: an expert's last tile seldom fills.
  const int warpgroup = shuffle(static_cast<int>(threadIdx.x) / kWarpgroup, 0);  // the same in all lanes, as the compiler has to know
  if (warpgroup > 0 && rows.first + warpgroup * kWgmmaRows >= rows.end) {
    if constexpr (kMeetsInFlight<kCodes, Shape>) {
      begin_stage();
      for (int panel = 0; panel < in.panels; ++panel) next_stage();
    } else {
      for (int first = 0; first < in.panels; first += Shape::kPanels) {
        begin_stage();
        end_stage();
      }
    }
    return;
  }
  if constexpr (kRunsOn<kCodes>) {
    for (int first = 0; first < in.panels; first += Shape::kPanels) {
      begin_stage();
#pragma unroll
      for (int p = 0; p < Shape::kPanels; ++p) {
        if (p > 0 && first + p >= in.panels) break;
        const auto further = static_cast<uint64_t>((stage * Shape::kStageBytes + p * Shape::kPanelBytes) >> 4);
        wgmma_fence<Shape::kAcross>(sum[0]);
        issue_panel<kCodes, Shape::kAcross>(sum[0], a + further, w + further);
      }
      wgmma_commit();
      end_stage();
      wgmma_wait<1, Shape::kAcross>(sum[0]);
    }
    wgmma_wait<0, Shape::kAcross>(sum[0]);
  } else {
    using Scales = PanelScales<Shape, typename Loader::Columns>;
    constexpr int kParts = Scales::kParts, kAcross = Shape::kAcross / kParts;
    constexpr uint64_t kPartOfWeights = 8 * kAcross * kPanelRowBytes >> 4;
    Scales scales(in, rows, LanePlace<Shape>());
    WgmmaSums<kAcross> of_panel;
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
#pragma unroll
      for (int e = 0; e < 4; ++e) of_panel[j][e] = 0;
    }
    // `meanwhile` runs beside the products of the part.
    const auto add_part = [&](uint64_t further, int part, const auto& meanwhile) {
      wgmma_fence<kAcross>(of_panel);
      issue_panel<kCodes, kAcross>(of_panel, a + further, w + further + part * kPartOfWeights);
      wgmma_commit();
      meanwhile();
      wgmma_wait<0, kAcross>(of_panel);
      scales.add_part(sum, of_panel, part);
    };
    if constexpr (kMeetsInFlight<kCodes, Shape>) {
      begin_stage();
      for (int panel = 0; panel < in.panels; ++panel) {
        const auto further = static_cast<uint64_t>(stage * Shape::kStageBytes >> 4);
#pragma unroll
        for (int part = 0; part < kParts; ++part) {
          add_part(further, part, [&] {
            if (part == 0) scales.load(panel);
            if (part == kParts - 1) next_stage();
          });
        }
      }
    } else {
      static_assert(kParts == 1);
      for (int first = 0; first < in.panels; first += Shape::kPanels) {
        begin_stage();
        const int here = stage;
#pragma unroll
        for (int p = 0; p < Shape::kPanels; ++p) {
          if (p > 0 && first + p >= in.panels) break;
          add_part(static_cast<uint64_t>((here * Shape::kStageBytes + p * Shape::kPanelBytes) >> 4), 0, [&] {
            if (p == 0) end_stage();
            scales.load(first + p);
          });
        }
      }
    }
  }
}

template <Codes kCodes, class Shape, class Loader>
__device__ __forceinline__ void multiply_tile_wgmma(const TileInput& in, const TileRows& rows, const Loader& loader, unsigned char* shared,
                                                    TileSums<Shape>& sum) {
  begin_tile_wgmma<kCodes, Shape>(loader, shared);
  finish_tile_wgmma<kCodes, Shape>(in, rows, loader, shared, sum);
}

}  // namespace evalrun::cuda

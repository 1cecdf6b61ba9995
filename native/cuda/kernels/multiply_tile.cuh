// The main loop of a tile: copies stages ahead of the one being multiplied, and fragments one step ahead of the
// products.
#pragma once
#include <type_traits>

#include "cuda/kernels/matrix_tile.cuh"

namespace evalrun::cuda {

// Walks the panels of a tile. multiply(fragments) is called for each step, end_panel(panel) behind the steps of a
// panel.
template <class Shape, class Columns, class Multiply, class BeginPanel, class EndPanel>
__device__ __forceinline__ void for_each_step(const TileInput& in, const TileRows& rows, unsigned char* shared,
                                              Multiply multiply, BeginPanel begin_panel, EndPanel end_panel) {
  const TileLoader<Shape, Columns> loader(in, rows);
  const FragmentLoader<Shape> fragments;
  // Weights need not wait for the kernel before.
#pragma unroll
  for (int stage = 0; stage < Shape::kStages; ++stage) loader.load_weights(shared + stage * Shape::kStageBytes, stage * Shape::kPanels);
  wait_for_last();
#pragma unroll
  for (int stage = 0; stage < Shape::kStages; ++stage) {
    loader.load_activations(shared + stage * Shape::kStageBytes, stage * Shape::kPanels);
    copy_async_commit();
  }
  copy_async_wait<Shape::kStages - 1>();
  __syncthreads();

  Fragments<Shape> buffer[2];
  int stage = 0;                                     // place of the stage being multiplied
  int next_panel = Shape::kStages * Shape::kPanels;  // the first that no stage has asked for
  const unsigned char* panel_data = shared;
  fragments.load(buffer[0], panel_data, 0);
  for (int panel = 0; panel < in.panels; ++panel) {
    begin_panel(panel);
#pragma unroll
    for (int step = 0; step < kStepsOfPanel; ++step) {
      if (step + 1 < kStepsOfPanel) {
        fragments.load(buffer[(step + 1) % 2], panel_data, step + 1);
      } else if (panel + 1 < in.panels) {
        panel_data += Shape::kPanelBytes;
        if ((panel + 1) % Shape::kPanels == 0) {
          // All fragments of this stage are in registers: once every warp is here, its memory takes the stage after the
          // last.
          copy_async_wait<Shape::kStages - 2>();
          __syncthreads();
          // Rows that do not exist are zeros since the first stages.
          loader.load(shared + stage * Shape::kStageBytes, next_panel, false);
          copy_async_commit();
          next_panel += Shape::kPanels;
          stage = stage + 1 == Shape::kStages ? 0 : stage + 1;
          panel_data = shared + stage * Shape::kStageBytes;
        }
        fragments.load(buffer[0], panel_data, 0);
      }
      multiply(buffer[step % 2]);
    }
    end_panel(panel);
  }
}

// sum = the tile's products, without a bias.
template <Codes kCodes, class Shape, class Columns = PlainColumns>
__device__ __forceinline__ void multiply_tile(const TileInput& in, const TileRows& rows, unsigned char* shared,
                                              TileSums<Shape>& sum) {
  clear<Shape>(sum);
  if constexpr (kCodes == Codes::kBF16) {
    for_each_step<Shape, Columns>(
        in, rows, shared, [&](const Fragments<Shape>& step) { multiply_bf16<Shape>(sum, step); }, [](int) {},
        [](int) {});
  } else {
    static_assert(std::is_same_v<Columns, PlainColumns>, "the scales are those of one product");
    PanelScales<Shape> scales(in, rows, LanePlace<Shape>());
    TileSums<Shape> of_panel;
    for_each_step<Shape, Columns>(
        in, rows, shared, [&](const Fragments<Shape>& step) { multiply_e4m3<Shape>(of_panel, step); },
        [&](int panel) {
          scales.load(panel);
          clear<Shape>(of_panel);
        },
        [&](int) { scales.add_panel(sum, of_panel); });
  }
}

}  // namespace evalrun::cuda

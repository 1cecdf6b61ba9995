// Cuts products of packed weights into pieces for the threads.
#pragma once
#include <cstdint>
#include <vector>

#include "cpu/panel_operands.h"

namespace evalrun {

// Some panels of a weight, and some rows of a group.
struct PanelPiece {
  const Weight* weight;
  const float* bias;
  const RowGroup* group;
  int64_t panel, panel_count;
  int64_t output_row;  // of the group's first row
  int first_row, row_count;

  // The product of rows [row, row + rows) of the piece.
  PanelProduct product(int row, int rows, float* const* y, void* scratch) const;
};

// As many panels at once as leave every thread a few pieces, at most `most`.
int64_t panels_at_once(int64_t panels, int64_t most, int threads);

void add_pieces(const Weight* weight, const float* bias, const RowGroup* group, int64_t output_row, int64_t panels_at_once,
                std::vector<PanelPiece>& pieces);

// The pieces of all experts.
void add_expert_pieces(const GroupedLinearOp& op, const std::vector<RowGroup>& groups, int64_t most_panels, int threads,
                       std::vector<PanelPiece>& pieces);

}  // namespace evalrun

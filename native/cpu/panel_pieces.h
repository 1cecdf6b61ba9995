// Cuts products of packed weights into pieces for the threads.
#pragma once
#include <cstdint>
#include <vector>

#include "cpu/panel_operands.h"

namespace evalrun {

// Panels of a weight, and rows of a piece from its first.
struct PanelPart {
  int64_t panel, panel_count;
  int row, rows;
};

// Some panels of a weight, and some rows of a group.
struct PanelPiece {
  const Weight* weight;
  const float* bias;
  const RowGroup* group;
  int64_t panel, panel_count;
  int64_t output_row;  // of the group's first row
  int first_row, row_count;

  PanelProduct product(PanelPart part, float* const* y, void* scratch) const;
};

// Cuts the products of an op. Panels that many rows share go a few at a time, as many as leave every thread a few pieces. Those
// that up to kPanelRowTile rows share are only read: then long pieces come first, because memory is slow to begin each of
// them, and short ones last, so that all threads end together.
class PanelCut {
 public:
  // `panels`: of all products that have rows; `most`: of a piece that many rows share.
  PanelCut(int64_t panels, int64_t most, int threads, std::vector<PanelPiece>& pieces);

  void add(const Weight* weight, const float* bias, const RowGroup* group, int64_t output_row);
  // add() for a product that is alone. Of a small weight the threads take rows instead of panels, so that rows stay with their
  // thread from op to op; true where pieces are in order of rows, for ThreadPool::run_near().
  bool add_alone(const Weight* weight, const float* bias, const RowGroup* group);
  // The products of all experts.
  void add(const GroupedLinearOp& op, const std::vector<RowGroup>& groups);

 private:
  int64_t left_, at_once_;
  const int64_t most_;
  const int threads_;
  std::vector<PanelPiece>& pieces_;
};

// Panels of the experts that have rows.
int64_t panels_of(const GroupedLinearOp& op, const std::vector<RowGroup>& groups);

}  // namespace evalrun

#include "cpu/panel_pieces.h"

#include <algorithm>

namespace evalrun {
namespace {

// Rows of a thread that make up for reading a weight once for each thread, and weights that all caches hold.
constexpr int64_t kNearRows = 128;
constexpr int64_t kNearWeights = 1 << 20;

}  // namespace

PanelProduct PanelPiece::product(PanelPart part, float* const* y, void* scratch) const {
  const int64_t first = part.panel * kPanelOutputs;
  return {weight,
          part.panel,
          std::min(part.panel_count * kPanelOutputs, weight->rows - first),
          group->data,
          group->rows,
          first_row + part.row,
          part.rows,
          y,
          bias == nullptr ? nullptr : bias + first,
          scratch};
}

int64_t panels_of(const GroupedLinearOp& op, const std::vector<RowGroup>& groups) {
  int64_t panels = 0;
  for (int e = 0; e < op.experts; ++e) panels += groups[e].rows == 0 ? 0 : panels_of(op.weights[e].rows);
  return panels;
}

PanelCut::PanelCut(int64_t panels, int64_t most, int threads, std::vector<PanelPiece>& pieces)
    : left_(panels),
      at_once_(std::clamp<int64_t>(panels / (4 * threads), 1, most)),
      most_(most),
      threads_(threads),
      pieces_(pieces) {
  pieces_.clear();
}

void PanelCut::add(const Weight* weight, const float* bias, const RowGroup* group, int64_t output_row) {
  if (group->rows == 0) return;
  const int64_t panels = panels_of(weight->rows);
  const bool narrow = group->rows <= kPanelRowTile;
  int64_t count = 0;
  for (int64_t panel = 0; panel < panels; panel += count, left_ -= count) {
    count = std::min(narrow ? std::max<int64_t>(1, left_ / (2 * threads_)) : at_once_, panels - panel);
    for (int r = 0; r < group->rows; r += kPanelRows) {
      pieces_.push_back({weight, bias, group, panel, count, output_row, r, std::min(kPanelRows, group->rows - r)});
    }
  }
}

bool PanelCut::add_alone(const Weight* weight, const float* bias, const RowGroup* group) {
  const int64_t rows_each = (group->rows + threads_ - 1) / threads_;
  if (threads_ == 1 || rows_each < kNearRows || weight->rows * weight->columns > kNearWeights) {
    add(weight, bias, group, 0);
    return false;
  }
  const int64_t panels = panels_of(weight->rows);
  const int block = static_cast<int>(std::min<int64_t>(kPanelRows, (rows_each + kPanelRowTile - 1) / kPanelRowTile * kPanelRowTile));
  for (int r = 0; r < group->rows; r += block) {
    for (int64_t panel = 0; panel < panels; panel += most_) {
      pieces_.push_back({weight, bias, group, panel, std::min(most_, panels - panel), 0, r, std::min(block, group->rows - r)});
    }
  }
  return true;
}

void PanelCut::add(const GroupedLinearOp& op, const std::vector<RowGroup>& groups) {
  for (int e = 0; e < op.experts; ++e) add(&op.weights[e], nullptr, &groups[e], op.offsets[e]);
}

}  // namespace evalrun

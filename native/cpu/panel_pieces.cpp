#include "cpu/panel_pieces.h"

#include <algorithm>

namespace evalrun {

PanelProduct PanelPiece::product(int row, int rows, float* const* y, void* scratch) const {
  const int64_t first = panel * kPanelOutputs;
  return {weight,     panel, std::min(panel_count * kPanelOutputs, weight->rows - first), group->data, group->rows, first_row + row, rows, y,
          bias == nullptr ? nullptr : bias + first, scratch};
}

int64_t panels_at_once(int64_t panels, int64_t most, int threads) {
  return std::clamp<int64_t>(panels / (4 * threads), 1, most);
}

void add_pieces(const Weight* weight, const float* bias, const RowGroup* group, int64_t output_row, int64_t panels_at_once,
                std::vector<PanelPiece>& pieces) {
  const int64_t panels = panels_of(weight->rows);
  // A panel that few rows share is only read: nothing is gained by more of them, and small pieces end together.
  const int64_t at_once = group->rows <= kPanelRowTile ? 1 : panels_at_once;
  for (int64_t panel = 0; panel < panels; panel += at_once) {
    for (int r = 0; r < group->rows; r += kPanelRows) {
      pieces.push_back({weight, bias, group, panel, std::min(at_once, panels - panel), output_row, r,
                        std::min(kPanelRows, group->rows - r)});
    }
  }
}

void add_expert_pieces(const GroupedLinearOp& op, const std::vector<RowGroup>& groups, int64_t most_panels, int threads,
                       std::vector<PanelPiece>& pieces) {
  pieces.clear();
  int64_t panels = 0;
  for (int e = 0; e < op.experts; ++e) panels += groups[e].rows == 0 ? 0 : panels_of(op.weights[e].rows);
  const int64_t at_once = panels_at_once(panels, most_panels, threads);
  for (int e = 0; e < op.experts; ++e) add_pieces(&op.weights[e], nullptr, &groups[e], op.offsets[e], at_once, pieces);
}

}  // namespace evalrun

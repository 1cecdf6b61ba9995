// What a step is asked for: log-probabilities and logits of chosen rows, and the MTP module's drafts.
#include <algorithm>

#include "model/rows.h"
#include "model/run_op.h"

namespace evalrun {
namespace {

// Logits of rows that are drawn from are in memory for so many of them at a time: 256 MiB. SAMPLED_LOGITS of
// engine/gpu-memory-plan.ts.
constexpr int64_t kSampledLogits = int64_t{1} << 26;

}  // namespace

void Model::evaluate(const Step& step, const float* x, const int32_t* places, StepResult& result) {
  const int count = static_cast<int>(step.rows.size());
  if (count == 0) return;
  const DeviceRange range(*device_, "evaluation");
  float* rows = rows_.floats(static_cast<int64_t>(count) * spec_.width);
  run(TakeRowsOp{x, spec_.width, places, count, rows});
  run(RmsNormOp{rows, spec_.width, weights_->stored("model.norm.weight"), spec_.norm_eps, numerics_.round_normalized, count,
                spec_.width, rows, spec_.width});
  result.log_probs.resize(step.ids.size());
  if (step.want_best) result.best.resize(count);
  if (step.want_logits) result.logits.resize(static_cast<size_t>(count) * spec_.vocab);
  const bool sampled = !step.sampling.empty();
  float* logits = step.want_logits ? device_->land(result.logits) : nullptr;
  int32_t* best = step.want_best ? device_->land(result.best) : nullptr;
  if (!sampled || step.want_logits || !step.ids.empty()) {
    run(LogProbsOp{rows, head(), numerics_.head, count, device_->stage(step.ids), device_->stage(step.id_rows),
                   static_cast<int>(step.ids.size()), device_->land(result.log_probs), sampled ? nullptr : best, logits});
  }
  if (!sampled) return;
  const SampleParams* params = device_->stage(step.sampling);
  const int at_once = static_cast<int>(std::clamp<int64_t>(kSampledLogits / spec_.vocab, 1, count));
  for (int first = 0; first < count; first += at_once) {
    const int drawn = std::min(at_once, count - first);
    float* of_drawn = logits != nullptr ? logits + static_cast<int64_t>(first) * spec_.vocab
                                        : logits_.floats(static_cast<int64_t>(at_once) * spec_.vocab);
    if (logits == nullptr) {
      run(LogProbsOp{rows + static_cast<int64_t>(first) * spec_.width, head(), numerics_.head, drawn, nullptr, nullptr, 0, nullptr,
                     nullptr, of_drawn});
    }
    run(SampleOp{of_drawn, drawn, spec_.vocab, params + first, best + first});
  }
}

// Row t drafts token t+2 from the main model's hidden state h_t (after its final norm) and the embedding of token t+1:
//   h' = eh_proj([enorm(embedding) ; hnorm(h)]), one more layer, shared_head.norm, the main head.
// The row takes the rotary position of token t+1. (DeepSeek-V3 report 2.2; layout as in the published checkpoint.)
void Model::predict_next_next(const Step& step, const Rows& main_rows, const float* x, StepResult& result) {
  const DeviceRange range(*device_, "multi-token prediction");
  const int index = spec_.layers;
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  const int count = main_rows.count;
  const int width = spec_.width;
  std::vector<int32_t> next(step.next_tokens);
  std::vector<int32_t> known, chosen;  // rows
  for (int row = 0; row < count; ++row) {
    if (next[row] != kUnknownNext) known.push_back(row);
    if (next[row] == kChosenNext) chosen.push_back(row);
    // An unknown one is computed and never read: its cache slot is rewritten once the token is known.
    if (next[row] < 0) next[row] = 0;
  }
  if (!chosen.empty()) {
    device_->finish();  // for result.best
    for (size_t i = 0; i < step.rows.size(); ++i) {
      if (step.next_tokens[step.rows[i]] == kChosenNext) next[step.rows[i]] = result.best[i];
    }
  }
  float* hidden = rows_.floats(static_cast<int64_t>(count) * width);
  run(RmsNormOp{x, width, weights_->stored("model.norm.weight"), spec_.norm_eps, numerics_.round_normalized, count, width,
                hidden, width});
  float* both = mtp_in_.floats(static_cast<int64_t>(count) * width * 2);
  float* embedded = mtp_x_.floats(static_cast<int64_t>(count) * width);
  run(EmbedOp{device_->stage(next), weights_->stored("model.embed_tokens.weight"), count, embedded});
  run(RmsNormOp{embedded, width, weights_->stored(prefix + "enorm.weight"), spec_.norm_eps, numerics_.round_normalized, count,
                width, both, 2 * width});
  run(RmsNormOp{hidden, width, weights_->stored(prefix + "hnorm.weight"), spec_.norm_eps, numerics_.round_normalized, count,
                width, both + width, 2 * width});
  float* mtp = embedded;
  linear(both, 2 * width, prefix + "eh_proj", numerics_.head, count, mtp, false);

  Rows rows = main_rows;
  for (int32_t& position : rows.positions) ++position;
  rows.rope_positions = device_->stage(rows.positions);
  layer(index, rows, rows, mtp, nullptr);
  add_layer(mtp, delta_.floats(0), Weight{}, count, nullptr);
  auto draft = [&](const std::vector<int32_t>& from, int32_t* best, float* logits) {
    const int drafts = static_cast<int>(from.size());
    if (drafts == 0) return;
    float* taken = rows_.floats(static_cast<int64_t>(drafts) * width);
    run(TakeRowsOp{mtp, width, device_->stage(from), drafts, taken});
    run(RmsNormOp{taken, width, weights_->stored(prefix + "shared_head.norm.weight"), spec_.norm_eps,
                  numerics_.round_normalized, drafts, width, taken, width});
    run(LogProbsOp{taken, head(), numerics_.head, drafts, nullptr, nullptr, 0, nullptr, best, logits});
  };
  result.drafts.resize(chosen.size());
  draft(chosen, device_->land(result.drafts), nullptr);
  if (!step.want_logits) return;
  result.mtp_logits.resize(known.size() * spec_.vocab);
  draft(known, nullptr, device_->land(result.mtp_logits));
}

}  // namespace evalrun

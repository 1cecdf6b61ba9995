// Sequences through a model's paged cache in any arrangement: alone or batched, whole or in chunks, on own or shared pages.
#pragma once
#include <cstdint>
#include <vector>

#include "model/model.h"

namespace evalrun::check {

struct Sequence {
  std::vector<int32_t> tokens;
  std::vector<int32_t> pages;  // enough for all tokens
};

// Tokens [start, start + count) of a sequence, in one step.
struct Part {
  const Sequence* sequence = nullptr;
  int start = 0;
  int count = 0;
  bool decode = false;
};

// What a sequence's rows came to: float32 [T, V], and for every row the log-probabilities of kAsked ids.
constexpr int kAsked = 3;
struct Rows {
  std::vector<float> logits;
  std::vector<float> mtp_logits;  // [T - 1, V]
  std::vector<float> log_probs;   // [T, kAsked]
};

// Ids asked of a row: the token that follows it, and two that depend on its position alone.
std::vector<int32_t> asked_ids(const Sequence& sequence, int row, int vocab);

class SequenceRunner {
 public:
  // `mtp`: the model has a multi-token-prediction module, whose drafts are wanted too.
  SequenceRunner(Model& model, int vocab, bool mtp) : model_(model), vocab_(vocab), mtp_(mtp) {}

  // One step; the parts' rows are appended to `rows`, one entry for each part.
  void step(const std::vector<Part>& parts, const std::vector<int32_t>& page_copies, const std::vector<Rows*>& rows);
  // A whole sequence on its own, `chunk` tokens a step.
  Rows alone(const Sequence& sequence, int chunk, bool decode);

 private:
  Model& model_;
  int vocab_;
  bool mtp_;
};

// Pages first .. that hold `tokens` tokens.
std::vector<int32_t> pages_from(int first, int tokens);
inline int pages_for(int tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

}  // namespace evalrun::check

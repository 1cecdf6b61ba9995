#include "check/sequences.h"

#include <algorithm>

namespace evalrun::check {

std::vector<int32_t> asked_ids(const Sequence& sequence, int row, int vocab) {
  const int next = row + 1 < static_cast<int>(sequence.tokens.size()) ? sequence.tokens[row + 1] : 0;
  return {next, (row * 37 + 11) % vocab, vocab - 1 - row % vocab};
}

void SequenceRunner::step(const std::vector<Part>& parts, const std::vector<int32_t>& page_copies, const std::vector<Rows*>& rows) {
  Step step;
  step.want_logits = true;
  step.page_copies = page_copies;
  for (const Part& part : parts) {
    const Sequence& sequence = *part.sequence;
    const int length = static_cast<int>(sequence.tokens.size());
    const int pages = pages_for(part.start + part.count);
    step.spans.push_back({static_cast<int>(step.tokens.size()), part.count, part.start, static_cast<int>(step.page_table.size()), part.decode});
    step.page_table.insert(step.page_table.end(), sequence.pages.begin(), sequence.pages.begin() + pages);
    for (int i = part.start; i < part.start + part.count; ++i) {
      for (const int32_t id : asked_ids(sequence, i, vocab_)) {
        step.ids.push_back(id);
        step.id_rows.push_back(static_cast<int32_t>(step.rows.size()));
      }
      step.rows.push_back(static_cast<int32_t>(step.tokens.size()));
      step.tokens.push_back(sequence.tokens[i]);
      if (mtp_) step.next_tokens.push_back(i + 1 < length ? sequence.tokens[i + 1] : kUnknownNext);
    }
  }
  const StepResult result = model_.forward(step);
  const auto take = [](std::vector<float>& to, const std::vector<float>& from, int64_t& at, int64_t count) {
    to.insert(to.end(), from.begin() + at, from.begin() + at + count);
    at += count;
  };
  int64_t logit = 0, draft = 0, asked = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    const Part& part = parts[p];
    const bool last = part.start + part.count == static_cast<int>(part.sequence->tokens.size());
    take(rows[p]->logits, result.logits, logit, static_cast<int64_t>(part.count) * vocab_);
    take(rows[p]->log_probs, result.log_probs, asked, static_cast<int64_t>(part.count) * kAsked);
    if (mtp_) take(rows[p]->mtp_logits, result.mtp_logits, draft, static_cast<int64_t>(part.count - (last ? 1 : 0)) * vocab_);
  }
}

Rows SequenceRunner::alone(const Sequence& sequence, int chunk, bool decode) {
  Rows rows;
  const int length = static_cast<int>(sequence.tokens.size());
  for (int start = 0; start < length; start += chunk) {
    step({{&sequence, start, std::min(chunk, length - start), decode}}, {}, {&rows});
  }
  return rows;
}

std::vector<int32_t> pages_from(int first, int tokens) {
  std::vector<int32_t> pages(pages_for(tokens));
  for (size_t i = 0; i < pages.size(); ++i) pages[i] = first + static_cast<int32_t>(i);
  return pages;
}

}  // namespace evalrun::check

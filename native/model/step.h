// One step of the engine: the rows to compute, where they live in the cache, and what is asked of them.
#pragma once
#include <cstdint>
#include <vector>

#include "ops/ops.h"

namespace evalrun {

struct Step {
  std::vector<int32_t> tokens;      // [T]
  std::vector<Span> spans;          // consecutive rows; together they cover all T
  std::vector<int32_t> page_table;  // pages of each span, from its first_page on
  std::vector<int32_t> page_copies; // pairs (source, target), copied before anything is computed
  std::vector<int32_t> rows;        // [S] rows to evaluate
  std::vector<int32_t> ids;         // [N] token ids whose log-probability is asked
  std::vector<int32_t> id_rows;     // [N] index into `rows`
  bool want_best = false;
  std::vector<SampleParams> sampling;  // [S], or empty: the best token of every row
  bool want_logits = false;
  // [T] the token after each row, -1 where unknown; empty: the MTP module does not run.
  std::vector<int32_t> next_tokens;
  bool want_experts = false;
};

struct StepResult {
  std::vector<float> log_probs;   // [N]
  std::vector<int32_t> best;      // [S]
  std::vector<float> logits;      // [S, V]
  std::vector<float> mtp_logits;  // [rows with a next token, V], in row order
  // [mixture-of-experts layers of the main model, T, K] experts chosen, in the router's order, where asked.
  std::vector<uint16_t> experts;
};

}  // namespace evalrun

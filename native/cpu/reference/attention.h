// One query row's softmax over blocks of keys, as ops.h defines it; shared by both reference attention kernels.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/numeric.h"
#include "ops/ops.h"

namespace evalrun {

// score(position) -> q.k times the softmax scale; add_value(position, p, output) adds p * v. Keys are
// (query_position - window, query_position], all from 0 when window is 0.
template <class Score, class AddValue>
void attend_row(int query_position, int window, bool round_p, int v_dim, float* output, Score score, AddValue add_value) {
  const int first_key = window > 0 ? std::max(0, query_position - window + 1) : 0;
  float running_max = -std::numeric_limits<float>::infinity();
  float total = 0;
  std::fill(output, output + v_dim, 0.0f);
  std::vector<float> p(kPageTokens);
  for (int block = 0; block <= query_position; block += kPageTokens) {
    const int begin = std::max(block, first_key);
    const int end = std::min(block + kPageTokens, query_position + 1);
    if (begin >= end) continue;
    float block_max = running_max;
    for (int key = begin; key < end; ++key) {
      p[key - block] = score(key);
      block_max = std::max(block_max, p[key - block]);
    }
    const float correction = std::exp(running_max - block_max);
    total *= correction;
    for (int c = 0; c < v_dim; ++c) output[c] *= correction;
    for (int key = begin; key < end; ++key) {
      const float weight = std::exp(p[key - block] - block_max);
      total += weight;
      add_value(key, round_p ? round_bf16(weight) : weight, output);
    }
    running_max = block_max;
  }
  for (int c = 0; c < v_dim; ++c) output[c] /= total;
}

}  // namespace evalrun

// How far computed logits are from reference ones.
#pragma once
#include <cstdint>
#include <vector>

namespace evalrun::check {

struct Difference {
  double max_abs = 0;
  double cosine_distance = 0;  // 1 - x.y / (|x| |y|) over all values
  bool finite = true;          // whether all values of both are
};

// Vectors of equal length; throws std::invalid_argument otherwise.
Difference difference(const std::vector<float>& values, const std::vector<float>& reference);

// Root mean square of each row's differences; rows of `columns` values.
std::vector<double> row_rms(const std::vector<float>& values, const std::vector<float>& reference, int columns);

// The value below which `share` of the values lie; NaN counts as the largest.
double quantile(std::vector<double> values, double share);

// log softmax of one row of logits at `id`, in double.
double log_prob(const float* logits, int columns, int id);

}  // namespace evalrun::check

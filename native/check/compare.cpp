#include "check/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace evalrun::check {
namespace {

void require_same(size_t values, size_t reference) {
  if (values == reference) return;
  throw std::invalid_argument("compared " + std::to_string(values) + " values with a reference of " + std::to_string(reference));
}

}  // namespace

Difference difference(const std::vector<float>& values, const std::vector<float>& reference) {
  require_same(values.size(), reference.size());
  Difference result;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = values[i], y = reference[i];
    result.finite = result.finite && std::isfinite(x) && std::isfinite(y);
    result.max_abs = std::max(result.max_abs, std::fabs(x - y));
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  result.cosine_distance = 1 - xy / std::sqrt(xx * yy);
  if (!result.finite) result.max_abs = result.cosine_distance = std::numeric_limits<double>::infinity();
  return result;
}

std::vector<double> row_rms(const std::vector<float>& values, const std::vector<float>& reference, int columns) {
  require_same(values.size(), reference.size());
  std::vector<double> rows;
  for (size_t first = 0; first < values.size(); first += columns) {
    double sum = 0;
    for (int c = 0; c < columns; ++c) sum += std::pow(static_cast<double>(values[first + c]) - reference[first + c], 2);
    rows.push_back(std::sqrt(sum / columns));
  }
  return rows;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  for (double& value : values) {
    if (std::isnan(value)) value = std::numeric_limits<double>::infinity();
  }
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * values.size()))];
}

double log_prob(const float* logits, int columns, int id) {
  const double top = *std::max_element(logits, logits + columns);
  double sum = 0;
  for (int c = 0; c < columns; ++c) sum += std::exp(logits[c] - top);
  return logits[id] - top - std::log(sum);
}

}  // namespace evalrun::check

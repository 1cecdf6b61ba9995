#include "cpu/attend_tile.h"

#include <algorithm>
#include <limits>

namespace evalrun {
namespace {

int64_t padded(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

AttendTile::AttendTile(const BlockKernels& kernels, DType kv_type, int inner, int value_columns, Scratch& memory)
    : kernels_(kernels), kv_type_(kv_type), inner_(inner), value_columns_(value_columns) {
  query_bytes_ = padded(inner * static_cast<int64_t>(kernels.operand_bytes), 64);
  output_stride_ = padded(value_columns, 64);
  p_bytes_ = kPageTokens * static_cast<int64_t>(kernels.operand_bytes);
  const int64_t most = padded(kernels.tile_rows, kernels.row_multiple);
  char* block = memory.get<char>(most * (query_bytes_ + p_bytes_ + kPageTokens * 4 + output_stride_ * 4));
  query_ = block;
  p_ = query_ + most * query_bytes_;
  scores_ = reinterpret_cast<float*>(p_ + most * p_bytes_);
  output_ = scores_ + most * kPageTokens;
}

void AttendTile::start(int rows) {
  rows_ = rows;
  std::fill(output_, output_ + rows * output_stride_, 0.0f);
  std::fill(running_max_, running_max_ + rows, -std::numeric_limits<float>::infinity());
  std::fill(total_, total_ + rows, 0.0f);
}

int AttendTile::first_block(int window) const {
  if (window <= 0) return 0;
  const int earliest = *std::min_element(position_, position_ + rows_);
  return std::max(0, earliest - window + 1) / kPageTokens;
}

int AttendTile::last_block() const { return *std::max_element(position_, position_ + rows_) / kPageTokens; }

int AttendTile::enter(int block, int window) {
  const int base = block * kPageTokens;
  int needed = 0;
  for (int r = 0; r < rows_; ++r) {
    const int first_key = window > 0 ? std::max(0, position_[r] - window + 1) : 0;
    begin_[r] = std::max(0, first_key - base);
    end_[r] = std::min(kPageTokens, position_[r] + 1 - base);
    if (begin_[r] >= end_[r]) begin_[r] = end_[r] = 0;
    needed = std::max(needed, end_[r]);
  }
  return needed;
}

void AttendTile::score(const void* keys, int needed, const void* arranged) {
  const int zero[kMostTileRows] = {};
  int inner[kMostTileRows];
  std::fill(inner, inner + rows_, inner_);
  // A key block always has kPageTokens columns, so the last group may be whole; what is not needed is masked
  // afterwards.
  const int columns = static_cast<int>(padded(needed, kernels_.column_group));
  kernels_.product(
      {query_, query_bytes_, rows_, inner_, keys, kPageTokens, kv_type_, zero, inner, columns, scores_, kPageTokens, nullptr, arranged});
}

void AttendTile::add_values(float scale, const void* values, int64_t stride, const void* arranged) {
  kernels_.softmax({rows_, scores_, scale, begin_, end_, running_max_, total_, alpha_, p_, p_bytes_});
  kernels_.product(
      {p_, p_bytes_, rows_, kPageTokens, values, stride, kv_type_, begin_, end_, value_columns_, output_, output_stride_, alpha_, arranged});
}

}  // namespace evalrun

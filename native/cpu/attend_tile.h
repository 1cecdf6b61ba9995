// Some query rows walking over the same blocks of keys: the running softmax of AttentionOp for a tile of rows.
#pragma once
#include <cstdint>

#include "cpu/block_kernels.h"
#include "cpu/scratch.h"

namespace evalrun {

class AttendTile {
 public:
  // Memory for up to kernels.tile_rows rows of `inner` query columns and `value_columns` outputs; one tile at a time on a scratch.
  AttendTile(const BlockKernels& kernels, DType kv_type, int inner, int value_columns, Scratch& memory);

  // Starts `rows` rows; the caller sets position(r) and packs query(r) for each.
  void start(int rows);
  int& position(int r) { return position_[r]; }
  void pack_query(int r, const float* q) { kernels_.pack(q, inner_, query_ + r * query_bytes_); }

  int first_block(int window) const;
  int last_block() const;

  // Sets each row's range of keys in the block [block * P, (block + 1) * P); returns how many of its keys any row
  // needs.
  int enter(int block, int window);
  // scores = packed queries . keys, keys [inner, P] with lanes along keys; `arranged` as in BlockProduct.
  void score(const void* keys, int needed, const void* arranged = nullptr);
  // Scores are written here instead when they come from elsewhere: row r at scores(r), kPageTokens wide.
  float* scores(int r) { return scores_ + r * kPageTokens; }
  // The softmax step, and output = output * alpha + p . values, values [P, value_columns].
  void add_values(float scale, const void* values, int64_t stride, const void* arranged = nullptr);
  // y = output / total of row r.
  void finish(int r, float* y) const { kernels_.divide(output_ + r * output_stride_, total_[r], value_columns_, y); }

 private:
  const BlockKernels& kernels_;
  DType kv_type_;
  int inner_, value_columns_;
  int rows_ = 0;
  int64_t query_bytes_, output_stride_, p_bytes_;
  char* query_;
  char* p_;
  float* scores_;
  float* output_;
  int position_[kMostTileRows], begin_[kMostTileRows], end_[kMostTileRows];
  float running_max_[kMostTileRows], total_[kMostTileRows], alpha_[kMostTileRows];
};

}  // namespace evalrun

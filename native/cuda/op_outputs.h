// The memory that an op writes and that a later product could read: what was converted from it is then out of date.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "ops/ops.h"

namespace evalrun::cuda {

struct Range {
  const void* begin;
  int64_t bytes;
};

// [rows, columns] of float32 with a row stride.
inline Range rows_of(const float* y, int64_t rows, int64_t stride, int64_t columns) {
  return {y, rows > 0 ? ((rows - 1) * stride + columns) * 4 : 0};
}

using Ranges = std::vector<Range>;

inline Ranges outputs_of(const EmbedOp& op) { return {rows_of(op.y, op.rows, op.table.columns, op.table.columns)}; }
inline Ranges outputs_of(const RmsNormOp& op) { return {rows_of(op.y, op.rows, op.y_stride, op.columns)}; }
inline Ranges outputs_of(const AddNormOp& op) {
  const Range x = rows_of(op.x, op.delta != nullptr ? op.rows : 0, op.columns, op.columns);
  return {x, rows_of(op.y, op.weight.data != nullptr ? op.rows : 0, op.columns, op.columns)};
}
inline Ranges outputs_of(const LinearOp& op) { return {rows_of(op.y, op.rows, op.y_stride, op.weight.rows)}; }
inline Ranges outputs_of(const RopeOp& op) { return {rows_of(op.x, op.rows, op.x_stride, int64_t{op.heads} * op.head_stride)}; }
inline Ranges outputs_of(const StoreKvOp&) { return {}; }
inline Ranges outputs_of(const AttentionOp& op) {
  int64_t rows = 0;
  for (int s = 0; s < op.spans.count; ++s) rows += op.spans.host[s].count;
  return {rows_of(op.y, rows, op.y_stride, int64_t{op.heads} * op.head_dim)};
}
inline Ranges outputs_of(const LatentAttentionOp& op) {
  int64_t rows = 0;
  for (int s = 0; s < op.spans.count; ++s) rows += op.spans.host[s].count;
  return {rows_of(op.y, rows, op.y_stride, int64_t{op.heads} * op.v_dim)};
}
inline Ranges outputs_of(const GatedActOp& op) { return {rows_of(op.y, op.rows, op.columns, op.columns)}; }
inline Ranges outputs_of(const RouteOp& op) {
  return {rows_of(op.weights, op.rows, op.experts_per_token, op.experts_per_token)};
}
inline Ranges outputs_of(const BucketOp&) { return {}; }
inline Ranges outputs_of(const GroupedLinearOp& op) {
  return {rows_of(op.y, op.slots, op.weights[0].rows, op.weights[0].rows)};
}
inline Ranges outputs_of(const CombineOp& op) { return {rows_of(op.y, op.rows, op.columns, op.columns)}; }
inline Ranges outputs_of(const TakeRowsOp& op) { return {rows_of(op.y, op.count, op.columns, op.columns)}; }
inline Ranges outputs_of(const LogProbsOp& op) { return {rows_of(op.logits_out, op.logits_out != nullptr ? op.rows : 0, op.head.rows, op.head.rows)}; }
inline Ranges outputs_of(const SampleOp&) { return {}; }

}  // namespace evalrun::cuda

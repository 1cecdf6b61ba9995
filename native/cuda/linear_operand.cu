// Conversion of activations, once a step for the ops that read the same matrix.
#include "cuda/linear_operand.h"

#include <algorithm>
#include <type_traits>

#include "cuda/operand_conversion.h"

namespace evalrun::cuda {

// Launches are told apart by the bytes of their arguments.
static_assert(std::has_unique_object_representations_v<ConvertArguments>);

const Operand* OperandCache::find(const OperandKey& key, int64_t step) const {
  if (step != step_) return nullptr;
  for (const Entry& entry : entries_) {
    if (entry.operand.key == key) return &entry.operand;
  }
  return nullptr;
}

const Operand& OperandCache::add(const OperandKey& key, int64_t step, Scratch& step_memory) {
  if (step != step_) {  // the memory of the last step is gone
    entries_.clear();
    free_.clear();
    step_ = step;
  }
  Operand operand{key, nullptr, 0, nullptr, 0};
  const bool fp8 = key.precision == Precision::kFP8;
  operand.row_bytes = round_up(key.columns * (fp8 ? 1 : 2), kRowBytes);
  operand.scale_columns = fp8 ? ceil_div(key.columns, kQuantBlock) : 0;
  const int64_t value_bytes = key.rows * operand.row_bytes;
  const Buffer buffer = take(value_bytes + key.rows * operand.scale_columns * 4, step_memory);
  operand.values = buffer.data;
  operand.scales = fp8 ? reinterpret_cast<float*>(buffer.data + value_bytes) : nullptr;
  entries_.push_back({operand, buffer});
  return entries_.back().operand;
}

std::optional<Precision> OperandCache::wanted(const float* x, int64_t x_stride, int64_t columns) const {
  for (const OperandKey& key : noted_) {
    if (key.x == x && key.x_stride == x_stride && key.columns == columns) return key.precision;
  }
  return std::nullopt;
}

void OperandCache::note(const OperandKey& key) {
  constexpr size_t kNoted = 32;
  const auto same = [&](const OperandKey& other) { return other.x == key.x && other.x_stride == key.x_stride && other.columns == key.columns; };
  noted_.erase(std::remove_if(noted_.begin(), noted_.end(), same), noted_.end());
  if (noted_.size() == kNoted) noted_.erase(noted_.begin());
  noted_.push_back(key);
}

void OperandCache::invalidate(const void* begin, int64_t bytes) {
  const auto overlaps = [&](const Entry& entry) {
    const OperandKey& key = entry.operand.key;
    const auto* x = reinterpret_cast<const char*>(key.x);
    const auto* written = static_cast<const char*>(begin);
    return written < x + ((key.rows - 1) * key.x_stride + key.columns) * 4 && x < written + bytes;
  };
  for (size_t i = entries_.size(); i-- > 0;) {
    if (!overlaps(entries_[i])) continue;
    free_.push_back(entries_[i].buffer);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// The smallest free buffer that is large enough, or new memory.
OperandCache::Buffer OperandCache::take(int64_t bytes, Scratch& step_memory) {
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->bytes >= bytes && (best == free_.end() || it->bytes < best->bytes)) best = it;
  }
  if (best == free_.end()) return {static_cast<char*>(step_memory.take(bytes, "operand of a product")), bytes};
  const Buffer buffer = *best;
  free_.erase(best);
  return buffer;
}

ConvertArguments convert_arguments(const Operand& operand) {
  const OperandKey& key = operand.key;
  ConvertArguments in;
  in.x = key.x;
  in.x_stride = key.x_stride;
  in.rows = key.rows;
  in.columns = static_cast<int>(key.columns);
  in.groups = static_cast<int>(ceil_div(key.columns, kQuantBlock));
  in.aligned = reinterpret_cast<uintptr_t>(key.x) % 16 == 0 && key.x_stride % 4 == 0 ? 1 : 0;
  in.values = static_cast<uint8_t*>(operand.values);
  in.row_bytes = operand.row_bytes;
  in.scales = operand.scales;
  return in;
}

Operand linear_operand(Context& ctx, const OperandKey& key) {
  if (const Operand* made = ctx.operands.find(key, ctx.step)) return *made;
  ctx.operands.note(key);
  const Operand operand = ctx.operands.add(key, ctx.step, ctx.step_memory);
  const ConvertArguments in = convert_arguments(operand);
  const dim3 grid(static_cast<unsigned>(convert_blocks(in)));
  if (key.precision == Precision::kFP8) {
    launch(ctx, "convert_operand fp8", convert_operand<Precision::kFP8>, grid, dim3(32 * kConvertWarps), 0, in);
  } else {
    launch(ctx, "convert_operand bf16", convert_operand<Precision::kBF16>, grid, dim3(32 * kConvertWarps), 0, in);
  }
  return operand;
}

}  // namespace evalrun::cuda

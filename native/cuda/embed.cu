// EmbedOp: y[i, :] = table[ids[i], :] as float32, from a table of any type.
#include "cuda/kernels/embed.cuh"
#include "cuda/ops.h"

namespace evalrun::cuda {
namespace {

template <DType kType>
void launch_embed(Context& ctx, const EmbedOp& op) {
  const int64_t columns = op.table.columns;
  const dim3 grid(op.rows, static_cast<unsigned>(ceil_div(columns, kEmbedThreads * kGroup)));
  const auto kernel = wide_rows(op.y, columns, columns) ? embed_kernel<kType, true> : embed_kernel<kType, false>;
  launch(ctx, "embed", kernel, grid, dim3(kEmbedThreads), 0, op.ids, op.table.data, op.table.row_stride(), op.table.scale,
         static_cast<int>(columns), op.y);
}

}  // namespace

const char* run(Context& ctx, const EmbedOp& op) {
  switch (op.table.dtype) {
    case DType::kF32: launch_embed<DType::kF32>(ctx, op); break;
    case DType::kBF16: launch_embed<DType::kBF16>(ctx, op); break;
    case DType::kF16: launch_embed<DType::kF16>(ctx, op); break;
    case DType::kF8E4M3: launch_embed<DType::kF8E4M3>(ctx, op); break;
  }
  return "simt";
}

}  // namespace evalrun::cuda

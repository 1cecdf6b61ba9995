// Attention over paged keys and values in either of its two forms, for attention.cpp and latent_attention.cu: both prepare what is
// to be attended to, and these launch the kernels of kernels/attend_*.cuh for the widths at hand.
#pragma once
#include "cuda/attention_plan.h"

namespace evalrun::cuda {

// Shared memory that one block may have, in bytes (CUDA C Programming Guide, technical specifications per compute capability).
int max_shared_bytes(const Context& ctx);

// Whether the matrix kernels take such rows: whole pieces of 16 bytes, and tiles that this device has the shared memory for. `parts` is
// kOnePart (bfloat16) or kFloatParts (float32, kernels/parts.cuh), which only latent attention has.
bool takes_prompts(const Context& ctx, int key_columns, int value_columns, int parts);
bool takes_splits(const Context& ctx, int key_columns, int value_columns, bool latent, int parts);
// Whether attend_prompts takes bfloat16 rows of these widths by wgmma; by mma otherwise. Waits for the GPU where it has to be asked.
bool prompts_by_wgmma(Context& ctx, int key_columns, int value_columns);

// Keys and values that are expanded or split for prompt spans may take this much scratch memory; where all heads' would be more, heads
// are taken in groups. (Pages are never: a row's sums run over all its pages.) Tests make it smaller.
inline int64_t max_expanded_bytes = int64_t{1} << 30;

// Heads whose `columns` elements a token, of `element_bytes` each, fit into that for so many pages; at least one.
int heads_at_once(int heads, int pages, int columns, int element_bytes);

// Rows of [slots, heads, parts, P, columns].
PagedRows expanded_rows(const void* data, int heads, int columns, int parts);

// Splits float32 rows of the plan's distinct pages, of one head, into `parts`; returns expanded_rows of them.
PagedRows split_rows(Context& ctx, const AttentionPlan& plan, const PagedRows& rows, uint16_t* parts);

// The plan's prompt spans; `a` without its tiles. Widths and parts as takes_prompts accepts.
void attend_prompts(Context& ctx, AttentionPlan& plan, PromptArguments a, int kv_heads, int parts);

// The plan's decode spans: what their splits find, in ctx.scratch. `a` without plan, row_blocks, max_count, slots, output and sums.
// Widths and parts as takes_splits accepts.
SplitResults attend_splits(Context& ctx, const AttentionPlan& plan, SplitArguments a, bool latent, int parts);

// Where the rows of an op go that writes all of them with the kernels of this file, of bfloat16. Where a product has converted rows of y before and
// will again, they are converted here.
AttendedRows attended_rows(Context& ctx, const AttentionPlan& plan, float* y, int64_t y_stride, int64_t columns);

// y of dense attention from what its splits found.
void combine_dense(Context& ctx, const AttentionPlan& plan, const SplitResults& splits, const AttendedRows& y);
// The same of latent attention's, as float32 [decode rows, heads, rank].
void combine_latent(Context& ctx, const AttentionPlan& plan, const SplitResults& splits, float* latents);

// Any spans without matrix units. Needs no plan but for a.first.
void attend_all_rows(Context& ctx, const AttentionPlan& plan, const RowsArguments& a, int kv_heads, int spans);

}  // namespace evalrun::cuda

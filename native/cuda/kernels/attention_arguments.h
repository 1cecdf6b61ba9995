// What the attention kernels are launched with: where things lie, in device memory unless said otherwise.
#pragma once
#include "cuda/runtime.h"
#include "ops/ops.h"

namespace evalrun::cuda {

// Softmax scales that end in _log2 have this in them: exponentials are powers of two.
constexpr float kLog2E = 1.4426950408889634f;

// Bfloat16 numbers that an operand of a matrix instruction is the sum of: itself, or of float32 three (parts.cuh).
constexpr int kOnePart = 1, kFloatParts = 3;

// One head's rows of a page begin at data + page * page_stride + head * head_stride, row_stride elements apart. Of float32 rows that
// were split into bfloat16 parts (parts.cuh), those of part i are i * part_stride behind.
struct PagedRows {
  const void* data;
  int64_t page_stride;
  int64_t head_stride;
  int row_stride;
  int columns;
  int64_t part_stride = 0;

  __device__ int64_t at(int page, int head) const { return page * page_stride + head * head_stride; }
  __device__ const uint16_t* bf16(int page, int head, int part = 0) const {
    return static_cast<const uint16_t*>(data) + at(page, head) + part * part_stride;
  }
};

// Where an attention's outputs go: float32, and where a product wants them in bfloat16 (attended_rows) those as well.
struct AttendedRows {
  float* y;  // row r of the step at y + r * y_stride
  int64_t y_stride;
  uint16_t* operand = nullptr;  // the same rows, or null
  int64_t operand_stride = 0;

  AttendedRows from(int64_t column) const {
    return {y + column, y_stride, operand == nullptr ? nullptr : operand + column, operand_stride};
  }
};

// --- prompt spans (attend_prompt.cuh) ------------------------------------------------------------------------------------------

struct PromptTile {
  int span;
  int first;  // row of the span's count * group rows
};

struct PromptArguments {
  const float* q;  // query row r, head h: q + r * q_stride + h * keys.columns
  int64_t q_stride;
  PagedRows keys;    // bfloat16 or parts of float32, as are the values
  PagedRows values;
  const int32_t* pages;  // where span.first_page points into
  const Span* spans;
  const PromptTile* tiles;  // of blockIdx.y; blockIdx.x is the kv head
  int group;                // query heads of a kv head
  float scale_log2;
  int window;
  AttendedRows y;
};

// --- decode spans (attend_split.cuh, combine_splits.cuh) -----------------------------------------------------------------------

// A span's keys are cut every so many pages, whatever else is in the step, so that a row's sums do not depend on it. Within a split, a
// row of dense attention has the bits of a prompt's.
constexpr int kDenseSplitPages = 4;
// Of latents a block reads a page in more than a microsecond, and one sequence has few blocks, so that few pages are better; but what a
// split finds is as long as all heads' outputs, and with many heads that is soon more than the keys.
constexpr int latent_split_pages(int heads) { return heads <= 16 ? 2 : 4; }

struct DecodeRow {
  int row;   // of the step, or -1: no row
  int span;
};
struct SplitItem {
  int span;
  int split;
};
// Where a span's rows and splits are in those lists. Its whole splits stand together; the shorter one at its end is elsewhere.
struct DecodeFirst {
  int row;
  int item;   // of split 0
  int whole;  // splits of split_pages pages
  int end;    // item of split `whole`
};

struct DecodePlan {
  DecodeRow* rows;     // [max_rows]
  SplitItem* items;    // [max_items]
  DecodeFirst* first;  // [spans]
  int* item_count;     // [1]
  int64_t split_pages;

  __host__ __device__ int split_tokens() const { return static_cast<int>(split_pages) * kPageTokens; }
};

struct SplitArguments {
  // Latent: [decode rows, heads, keys.columns], bfloat16 or for parts float32. Dense: float32, row r of the step and head h at q + r * q_stride + h * D.
  const void* q;
  int64_t q_stride;
  PagedRows keys;
  PagedRows values;  // dense only
  const int32_t* pages;
  const Span* spans;
  DecodePlan plan;
  int kv_heads;
  int group;
  int row_blocks;  // matrix row blocks of 16 * kRowTiles that the longest span's rows need
  int max_count;   // rows of the longest span
  int slots;       // half pages in the ring, 2 to 6
  float scale_log2;
  int window;
  float* output;      // [items, max_count, heads, kV]
  float2* sums;       // [items, max_count, heads]: maximum score, sum of probabilities
};

// What attend_split left, and the rows that it belongs to.
struct SplitResults {
  const Span* spans;
  DecodePlan plan;
  const float* output;
  const float2* sums;
  int max_count;
  int heads;
  int columns;        // that matter
  int split_columns;  // from one row to the next in `output`
  float scale_log2;
  int window;
};

// --- any spans, without matrix units (attend_rows.cuh) -------------------------------------------------------------------------

enum class Rows : uint8_t { kAll, kPrompt, kDecode };

struct RowsArguments {
  const float* q;  // query row r, head h: q + r * q_stride + h * keys.columns
  int64_t q_stride;
  PagedRows keys, values;
  bool bf16;  // the cache; float32 otherwise
  const int32_t* pages;
  const Span* spans;
  Rows which;
  // Where rows of q and y count decode rows instead of rows of the step; null otherwise.
  const DecodeFirst* first;
  int group;
  float scale;
  int window;
  bool round;
  float* y;
  int64_t y_stride;
};

}  // namespace evalrun::cuda

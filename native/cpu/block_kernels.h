// Products and softmax over one block of cached keys: the inner part of Attention and LatentAttention.
//
// Idea: lanes run along the columns of B (keys of a transposed key block, or dimensions of a value block) and the inner
// index is walked in order, so every element of C = A . B is one chain of additions over the inner index. Register
// tiles hold several rows of A, so that a loaded vector of B serves all of them; an element does not depend on the tile
// it was in.
//
// As in dot_kernels.h: this header is the border between files compiled for an instruction set and the drivers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "ops/ops.h"

namespace evalrun {

// C[r, :] = (alpha ? alpha[r] * C[r, :] : 0) + sum over i in [begin[r], end[r]) of A[r, i] * B[i, :].
// Rows of B outside a row's range are not read as numbers for that row, so they may hold anything.
struct BlockProduct {
  const void* a;     // rows packed by pack(); may be read, as c may be written, up to the next BlockKernels::row_multiple
  int64_t a_stride;  // bytes
  int rows;
  int inner;
  const void* b;     // [inner, columns]
  int64_t b_stride;  // elements
  DType b_type;      // kF32 or kBF16
  const int* begin;  // [rows]
  const int* end;    // [rows]
  int columns;
  float* c;  // [rows, columns], readable and writable up to the next multiple of 64 columns
  int64_t c_stride;
  const float* alpha;  // [rows] or null
  // All of B as BlockKernels::arrange left it, or null. It serves rows that need all of the inner range.
  const void* arranged = nullptr;
};

// One step of the softmax over the block's keys [begin[r], end[r]) of each row, which may be empty.
struct BlockSoftmax {
  int rows;
  const float* scores;  // [rows, kPageTokens], before the scale; places outside a row's range may hold anything
  float scale;
  const int* begin;
  const int* end;
  float* running_max;  // [rows]
  float* total;        // [rows]
  float* alpha;        // [rows] out: exp(old maximum - new maximum), 1 for an empty range
  void* p;             // [rows, kPageTokens] packed as operands, out; 0 outside the range
  int64_t p_stride;    // bytes
};

struct BlockKernels {
  int tile_rows;         // query rows that walk over the keys together, at most kMostTileRows
  int row_multiple;      // of which rows products are made
  int column_group;      // lanes that a product computes together
  size_t operand_bytes;  // of one element of A
  // A row of n elements, rounded as the precision says, padded with zeros to an even count; out has room for the next 64
  // bytes' end.
  void (*pack)(const float* x, int n, void* out);
  void (*product)(const BlockProduct& product);
  void (*softmax)(const BlockSoftmax& softmax);
  // y[i] = x[i] / divisor.
  void (*divide)(const float* x, float divisor, int n, float* y);
  // Rounds to bfloat16.
  void (*store_bf16)(const float* x, int n, uint16_t* y);
  // B [inner, columns] of bfloat16, `stride` elements apart, as products read it, which each of them makes for itself otherwise: worth it
  // where several products share it. arranged_bytes() is the room that it takes, a multiple of 64. Null where products read B as it is.
  size_t (*arranged_bytes)(int inner, int columns);
  void (*arrange)(const void* b, int64_t stride, int inner, int columns, void* out);
  // Around many products on one thread, or null: see BlockWork.
  void (*begin)();
  void (*end)();
};

// A thread's products of one piece of work: what they need is set up once.
class BlockWork {
 public:
  explicit BlockWork(const BlockKernels& kernels) : kernels_(kernels) {
    if (kernels_.begin != nullptr) kernels_.begin();
  }
  ~BlockWork() {
    if (kernels_.end != nullptr) kernels_.end();
  }
  BlockWork(const BlockWork&) = delete;
  BlockWork& operator=(const BlockWork&) = delete;

 private:
  const BlockKernels& kernels_;
};

constexpr int kMostTileRows = 64;

// Indexed by Precision: kF32 and kBF16.
extern const BlockKernels kBlockAvx2[2];
extern const BlockKernels kBlockAvx512[2];
extern const BlockKernels kBlockAvx512Bf16[2];  // kF32 is empty
extern const BlockKernels kBlockAmx[2];         // kF32 is empty
extern const BlockKernels kBlockNeon[2];

}  // namespace evalrun

// One tile of y = a . w^T on the matrix units: operands stream through shared memory in stages, warps hold the sums.
//
// Both operands are rows of k, padded with zeros to panels of 128 bytes: 64 bfloat16, or 128 e4m3 codes (one group of
// scales). Every shape of tile adds in the same order with the same instructions, so a row's sums are the same bits in
// all of them:
//   bfloat16: one chain of m16n8k16 over k = 0, 16, 32 ..
//   e4m3: codes are decoded to float16, exactly; per panel a chain of m16n8k16 from zero, then
//     sum = fma(panel, s_a * s_w, sum).
//     Hopper has no e4m3 form of mma.sync: ptxas makes conversions, float16 products and another addition of it.
#pragma once
#include "cuda/kernels/primitives.cuh"
#include "cuda/launch.h"

namespace evalrun::cuda {

constexpr int kPanelRowBytes = 128;
constexpr int kChunkBytes = 16;  // what one copy and one row of an 8x8 matrix take
constexpr int kChunks = kPanelRowBytes / kChunkBytes;
constexpr int kStepsOfPanel = 4;  // two chunks a step

enum class Codes { kBF16, kE4M3 };

// A block's tile of kRows x kColumns outputs, a warp's part of it, and how many panels are copied at once into how many
// stages.
template <int kRows_, int kColumns_, int kWarpRows_, int kWarpColumns_, int kPanels_, int kStages_, int kBlocksPerSm_>
struct TileShape {
  static constexpr int kRows = kRows_, kColumns = kColumns_, kWarpRows = kWarpRows_, kWarpColumns = kWarpColumns_;
  static constexpr int kPanels = kPanels_, kStages = kStages_, kBlocksPerSm = kBlocksPerSm_;
  static constexpr int kWarpsAcross = kColumns / kWarpColumns;
  static constexpr int kThreads = 32 * (kRows / kWarpRows) * kWarpsAcross;
  static constexpr int kPanelBytes = (kRows + kColumns) * kPanelRowBytes;
  static constexpr int kStageBytes = kPanels * kPanelBytes;
  static constexpr int kSharedBytes = kStages * kStageBytes;
  // 16x8 matrices of a warp's part.
  static constexpr int kDown = kWarpRows / 16, kAcross = kWarpColumns / 8;
  static_assert(kRows % kWarpRows == 0 && kColumns % kWarpColumns == 0 && kWarpRows % 16 == 0 &&
                kWarpColumns % 16 == 0);
};

// Which rows of the activations a tile takes: those of slots first .. end - 1; slot j's is order[j] / per_token, or j
// itself.
struct TileRows {
  int first, end;
  const int32_t* order;
  int per_token;

  __device__ int source(int slot) const { return order == nullptr ? slot : order[slot] / per_token; }
};

struct TileInput {
  const unsigned char* a;  // row 0
  int64_t a_row_bytes;
  const float* a_scale;    // [rows, panels]
  const unsigned char* w;  // the tile's first row
  const unsigned char* up;  // of the other product, where a tile has two (GatedColumns)
  int64_t w_row_bytes;
  int w_rows;            // rows of w from the tile's first on
  const float* w_scale;  // [128 columns of outputs, panels]
  const float* up_scale;  // of up
  int first_column;      // of the tile in y
  int panels;
};

// Chunks of eight consecutive rows lie in different banks, for copies as for ldmatrix.
__device__ inline int chunk_place(int row, int chunk) {
  return row * kPanelRowBytes + ((chunk ^ (row & 7)) * kChunkBytes);
}

// Which rows of weights are a tile's columns: consecutive ones,
struct PlainColumns {
  static constexpr int kPointers = 1;
  template <class Shape>
  __device__ static int output(int column) {
    return column;
  }
  // Of column i * kStep + r, where r < kStep: which of the pointers (to row output(r)), and how many rows further.
  template <class Shape, int kStep>
  __device__ static constexpr int pointer(int i) {
    return 0;
  }
  template <class Shape, int kStep>
  __device__ static constexpr int further(int i) {
    return i * kStep;
  }
  template <class Shape>
  __device__ static const unsigned char* weights(const TileInput& in, int pointer, int column) {
    return in.w;
  }
  // The scales [panels] of the 128 columns that the tile's `column` is of. Columns that are not there have those of the first.
  __device__ static const float* scales(const TileInput& in, int column) {
    return in.w_scale + static_cast<int64_t>((in.first_column + (column < in.w_rows ? column : 0)) / kQuantBlock) * in.panels;
  }
};

// or those of a gate and of an up product: the first half of each warp's columns is the gate's, the second the up product's for the same
// outputs, so that a lane has both sums of an output.
struct GatedColumns {
  static constexpr int kPointers = 2;
  template <class Shape>
  __device__ static int output(int column) {
    constexpr int kHalf = Shape::kWarpColumns / 2;
    return column / Shape::kWarpColumns * kHalf + column % kHalf;
  }
  template <class Shape, int kStep>
  __device__ static constexpr int pointer(int i) {
    constexpr int kHalf = Shape::kWarpColumns / 2;
    static_assert(kStep % Shape::kWarpColumns == 0 || kHalf % kStep == 0);
    return kStep % Shape::kWarpColumns == 0 ? 0 : i * kStep / kHalf % 2;
  }
  template <class Shape, int kStep>
  __device__ static constexpr int further(int i) {
    constexpr int kHalf = Shape::kWarpColumns / 2;
    return kStep % Shape::kWarpColumns == 0 ? i * kStep / 2 : i * kStep / Shape::kWarpColumns * kHalf + i * kStep % kHalf;
  }
  template <class Shape>
  __device__ static const unsigned char* weights(const TileInput& in, int pointer, int column) {
    return pointer == 1 || column % Shape::kWarpColumns >= Shape::kWarpColumns / 2 ? in.up : in.w;
  }
  // Where a tile has 128 outputs.
  __device__ static const float* scales(const TileInput& in, int column) {
    return (column < kQuantBlock ? in.w_scale : in.up_scale) + static_cast<int64_t>(in.first_column / kQuantBlock) * in.panels;
  }
};

// Copies panels into shared memory; a thread has the same chunk of every kStep-th row.
template <class Shape, class Columns_ = PlainColumns>
class TileLoader {
 public:
  using Columns = Columns_;

  // Rows: TileRows, or others with its members.
  template <class Rows>
  __device__ TileLoader(const TileInput& in, const Rows& rows) : panels_(in.panels) {
    row_ = static_cast<int>(threadIdx.x) / kChunks;
    chunk_ = static_cast<int>(threadIdx.x) % kChunks;
#pragma unroll
    for (int i = 0; i < kLoadsOfA; ++i) {
      const int slot = rows.first + row_ + i * kStep;
      a_valid_[i] = slot < rows.end;
      a_[i] = in.a + (a_valid_[i] ? rows.source(slot) * in.a_row_bytes : 0) + chunk_ * kChunkBytes;
    }
    const int output = Columns::template output<Shape>(row_);
#pragma unroll
    for (int p = 0; p < Columns::kPointers; ++p) {
      w_[p] = Columns::template weights<Shape>(in, p, row_) + output * in.w_row_bytes + chunk_ * kChunkBytes;
    }
    w_row_bytes_ = in.w_row_bytes;
    w_rows_ = in.w_rows - output;
  }

  // Copies the panels of a stage; those behind the last are left as they are and not multiplied. Rows of a that do not exist
  // become zeros, and keep what they have unless `clear_rows`.
  __device__ void load(unsigned char* stage, int first_panel, bool clear_rows = true) const {
    load_activations(stage, first_panel, clear_rows);
    load_weights(stage, first_panel);
  }

  __device__ void load_activations(unsigned char* stage, int first_panel, bool clear_rows = true) const {
#pragma unroll
    for (int p = 0; p < Shape::kPanels; ++p) {
      const int panel = first_panel + p;
      if (panel >= panels_) break;
      unsigned char* shared = stage + p * Shape::kPanelBytes;
      const int64_t offset = static_cast<int64_t>(panel) * kPanelRowBytes;
#pragma unroll
      for (int i = 0; i < kLoadsOfA; ++i) {
        if (clear_rows || a_valid_[i])
          copy_async_16(shared + chunk_place(row_ + i * kStep, chunk_), a_[i] + offset, a_valid_[i]);
      }
    }
  }

  __device__ void load_weights(unsigned char* stage, int first_panel) const {
#pragma unroll
    for (int p = 0; p < Shape::kPanels; ++p) {
      const int panel = first_panel + p;
      if (panel >= panels_) break;
      unsigned char* shared = stage + p * Shape::kPanelBytes + Shape::kRows * kPanelRowBytes;
      const int64_t offset = static_cast<int64_t>(panel) * kPanelRowBytes;
#pragma unroll
      for (int i = 0; i < kLoadsOfW; ++i) {
        const int further = Columns::template further<Shape, kStep>(i);
        copy_async_16(shared + chunk_place(row_ + i * kStep, chunk_),
                      w_[Columns::template pointer<Shape, kStep>(i)] + further * w_row_bytes_ + offset, further < w_rows_);
      }
    }
  }

 private:
  static constexpr int kStep = Shape::kThreads / kChunks;
  static constexpr int kLoadsOfA = Shape::kRows / kStep, kLoadsOfW = Shape::kColumns / kStep;
  static_assert(Shape::kRows % kStep == 0 && Shape::kColumns % kStep == 0);
  int row_, chunk_;
  const unsigned char* a_[kLoadsOfA];
  bool a_valid_[kLoadsOfA];
  const unsigned char* w_[Columns::kPointers];
  int64_t w_row_bytes_;
  int w_rows_;
  int panels_;
};

// Where a lane's sums lie in the tile: sum[i][j][e] is row first_row + 16 i + (e / 2) * 8, column first_column + 8 j +
// e % 2.
template <class Shape>
struct LanePlace {
  int first_row, first_column;

  __device__ LanePlace() {
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    first_row = warp / Shape::kWarpsAcross * Shape::kWarpRows + lane / 4;
    first_column = warp % Shape::kWarpsAcross * Shape::kWarpColumns + lane % 4 * 2;
  }
};

// The operands of one step (two chunks of k) of a warp, as ldmatrix gives them.
template <class Shape>
struct Fragments {
  uint32_t a[Shape::kDown][4];        // rows 0-7 and 8-15 of the first chunk, then of the second
  uint32_t w[Shape::kAcross / 2][4];  // both chunks of columns 0-7, then of columns 8-15
};

template <class Shape>
class FragmentLoader {
 public:
  __device__ FragmentLoader() {
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    a_ = chunk_place(warp / Shape::kWarpsAcross * Shape::kWarpRows + lane % 16, lane / 16);
    w_ = Shape::kRows * kPanelRowBytes +
         chunk_place(warp % Shape::kWarpsAcross * Shape::kWarpColumns + lane / 16 * 8 + lane % 8, lane / 8 % 2);
  }

  __device__ void load(Fragments<Shape>& out, const unsigned char* panel, int step) const {
    const int flip = step * 2 * kChunkBytes;  // chunk 2 * step + c, swizzled
#pragma unroll
    for (int i = 0; i < Shape::kDown; ++i) load_matrix_x4(out.a[i], panel + (a_ ^ flip) + i * 16 * kPanelRowBytes);
#pragma unroll
    for (int j = 0; j < Shape::kAcross / 2; ++j)
      load_matrix_x4(out.w[j], panel + (w_ ^ flip) + j * 16 * kPanelRowBytes);
  }

 private:
  int a_, w_;
};

template <class Shape>
using TileSums = float[Shape::kDown][Shape::kAcross][4];

template <class Shape>
__device__ __forceinline__ void multiply_bf16(TileSums<Shape>& sum, const Fragments<Shape>& in) {
#pragma unroll
  for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
    for (int j = 0; j < Shape::kAcross; ++j) {
      const uint32_t w[2] = {in.w[j / 2][j % 2 * 2], in.w[j / 2][j % 2 * 2 + 1]};
      mma_bf16(sum[i][j], in.a[i], w);
    }
  }
}

// A register holds four consecutive codes of a row; the first two go where float16 k = 2 * place lies, the others eight
// columns behind. Both operands are permuted alike.
template <class Shape>
__device__ __forceinline__ void multiply_e4m3(TileSums<Shape>& sum, const Fragments<Shape>& in) {
#pragma unroll
  for (int chunk = 0; chunk < 2; ++chunk) {
    uint32_t a[Shape::kDown][4];
#pragma unroll
    for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        f16_from_e4m3x4(in.a[i][chunk * 2 + half], a[i][half], a[i][half + 2]);
      }
    }
#pragma unroll
    for (int j = 0; j < Shape::kAcross; ++j) {
      uint32_t w[2];
      f16_from_e4m3x4(in.w[j / 2][j % 2 * 2 + chunk], w[0], w[1]);
#pragma unroll
      for (int i = 0; i < Shape::kDown; ++i) mma_f16(sum[i][j], a[i], w);
    }
  }
}

template <class Shape>
__device__ __forceinline__ void clear(TileSums<Shape>& sum) {
#pragma unroll
  for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
    for (int j = 0; j < Shape::kAcross; ++j) {
#pragma unroll
      for (int e = 0; e < 4; ++e) sum[i][j][e] = 0;
    }
  }
}

// The scales of a lane's rows and of its warp's columns, panel by panel. Columns have one for each 128 of y: a warp has up to 128, or
// parts of so many.
template <class Shape, class Columns = PlainColumns>
class PanelScales {
 public:
  static constexpr int kParts = Shape::kWarpColumns <= kQuantBlock ? 1 : Shape::kWarpColumns / kQuantBlock;
  static_assert(kQuantBlock % Shape::kWarpColumns == 0 || Shape::kWarpColumns % kQuantBlock == 0);

  __device__ PanelScales(const TileInput& in, const TileRows& rows, const LanePlace<Shape>& place) : a_scale_(in.a_scale) {
#pragma unroll
    for (int part = 0; part < kParts; ++part) w_scale_[part] = Columns::scales(in, place.first_column + part * kQuantBlock);
#pragma unroll
    for (int i = 0; i < Shape::kDown * 2; ++i) {
      const int slot = rows.first + place.first_row + i * 8;
      offset_[i] = rows.source(slot < rows.end ? slot : rows.first) * in.panels;
    }
  }

  __device__ void load(int panel) {
#pragma unroll
    for (int part = 0; part < kParts; ++part) w_[part] = w_scale_[part][panel];
#pragma unroll
    for (int i = 0; i < Shape::kDown * 2; ++i) a_[i] = a_scale_[offset_[i] + panel];
  }

  __device__ void add_panel(TileSums<Shape>& sum, const TileSums<Shape>& panel) const {
    static_assert(kParts == 1);
#pragma unroll
    for (int i = 0; i < Shape::kDown; ++i) {
#pragma unroll
      for (int j = 0; j < Shape::kAcross; ++j) {
#pragma unroll
        for (int e = 0; e < 4; ++e) sum[i][j][e] = fmaf(panel[i][j][e], a_[i * 2 + e / 2] * w_[0], sum[i][j][e]);
      }
    }
  }

  // The same for a part of the columns, of a warp with 16 rows.
  template <int kAcross>
  __device__ void add_part(TileSums<Shape>& sum, const float (&panel)[kAcross][4], int part) const {
    static_assert(Shape::kDown == 1 && kAcross * kParts == Shape::kAcross);
#pragma unroll
    for (int j = 0; j < kAcross; ++j) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        float& total = sum[0][part * kAcross + j][e];
        total = fmaf(panel[j][e], a_[e / 2] * w_[part], total);
      }
    }
  }

 private:
  const float* a_scale_;
  const float* w_scale_[kParts];
  int offset_[Shape::kDown * 2];  // not pointers: registers are scarce where a tile is wide
  float a_[Shape::kDown * 2];
  float w_[kParts];
};

}  // namespace evalrun::cuda

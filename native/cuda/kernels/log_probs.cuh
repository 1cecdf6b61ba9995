// Log-probabilities of asked ids: a tile of the head's product is reduced where it is, to one summary for each row and
// each kLogitTile vocabulary entries; a second kernel combines a row's summaries in order.
#pragma once
#include "cuda/kernels/matmul.cuh"

namespace evalrun::cuda {

struct LogitSummary {
  float largest;
  float sum;     // of exp(logit - largest)
  int32_t best;  // the lowest id with the largest logit
  int32_t unused;
};

constexpr int kLogitsOfLane = kLogitTile / 32;
constexpr float kNoLogit = -INFINITY;

// What exponentials are relative to: nothing above minus infinity has no difference to it.
__device__ inline float exp_base(float largest) { return largest == kNoLogit ? 0.0f : largest; }

struct Candidate {
  float logit;
  int id;
};

__device__ inline Candidate better(Candidate a, Candidate b) {
  return b.logit > a.logit || (b.logit == a.logit && b.id < a.id) ? b : a;
}

__device__ inline Candidate best_of_warp(Candidate mine) {
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2)
    mine = better(mine, {shuffle_xor(mine.logit, mask), shuffle_xor(mine.id, mask)});
  return mine;
}

// A row's tile of logits, of which lane l has those of ids first + 32 i + l; `count` of them exist. NaN is never the
// best, and makes the sum NaN. Every kernel sums in this order.
__device__ inline LogitSummary summarize(const float (&logit)[kLogitsOfLane], int first, int count) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  Candidate mine{kNoLogit, first};
#pragma unroll
  for (int i = 0; i < kLogitsOfLane; ++i) {
    if (i * 32 + lane < count && logit[i] > mine.logit) mine = {logit[i], first + i * 32 + lane};
  }
  const Candidate best = best_of_warp(mine);
  const float base = exp_base(best.logit);
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kLogitsOfLane; ++i) {
    if (i * 32 + lane < count) sum += expf(logit[i] - base);
  }
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) sum += shuffle_xor(sum, mask);
  return {best.logit, sum, best.id, 0};
}

// matmul whose tiles are as wide as kLogitTile and end as summaries [rows, tile_columns]; y, where it is not null, gets
// the logits. Sums pass through shared memory, where a row is in one piece; eight floats more a row keep its stores
// free of bank conflicts.
constexpr int kLogitRowFloats = kLogitTile + 8;

template <class Shape>
constexpr int log_probs_shared_bytes() {
  constexpr int kLogits = Shape::kRows * kLogitRowFloats * 4;
  return kLogits > Shape::kSharedBytes ? kLogits : Shape::kSharedBytes;
}

// The block's sums, once it has read its operands, as summaries.
template <class Shape>
__device__ __forceinline__ void store_summaries(const MatmulArguments& in, const BlockTile& tile,
                                                const TileSums<Shape>& sum, LogitSummary* summaries) {
  static_assert(Shape::kColumns == kLogitTile);
  __syncthreads();  // the operands have been read: their memory takes the logits
  auto* logits = reinterpret_cast<float*>(shared_memory());
  const LanePlace<Shape> lane_place;
#pragma unroll
  for (int i = 0; i < Shape::kDown * 2; ++i) {
    float* row = logits + (lane_place.first_row + i * 8) * kLogitRowFloats + lane_place.first_column;
#pragma unroll
    for (int j = 0; j < Shape::kAcross; ++j) {
      *reinterpret_cast<float2*>(row + j * 8) = make_float2(sum[i / 2][j][i % 2 * 2], sum[i / 2][j][i % 2 * 2 + 1]);
    }
  }
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int count = min(kLogitTile, in.columns - tile.input.first_column);
  for (int r = warp; r < min(Shape::kRows, tile.rows.end - tile.rows.first); r += Shape::kThreads / 32) {
    const int64_t row = tile.rows.first + r;
    float logit[kLogitsOfLane];
#pragma unroll
    for (int i = 0; i < kLogitsOfLane; ++i) logit[i] = logits[r * kLogitRowFloats + i * 32 + lane];
    if (in.y != nullptr) {
#pragma unroll
      for (int i = 0; i < kLogitsOfLane; ++i) {
        if (i * 32 + lane < count) in.y[row * in.y_stride + tile.input.first_column + i * 32 + lane] = logit[i];
      }
    }
    const LogitSummary summary = summarize(logit, tile.input.first_column, count);
    if (lane == 0) summaries[row * in.tile_columns + tile.input.first_column / kLogitTile] = summary;
  }
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    matmul_log_probs(MatmulArguments in, LogitSummary* summaries) {
  BlockTile tile;
  if (!find_tile<Shape>(in, tile)) return;
  TileSums<Shape> sum;
  multiply_tile<Codes::kBF16, Shape>(tile.input, tile.rows, shared_memory(), sum);
  store_summaries<Shape>(in, tile, sum, summaries);
}

constexpr int kSummaryWarps = 8;

// Summaries of logits [rows, columns] that are in memory: ids first_id .. first_id + columns - 1, first_id a multiple
// of kLogitTile.
__global__ void __launch_bounds__(32 * kSummaryWarps)
    summarize_logits(const float* logits, int64_t stride, int rows, int columns, int first_id, LogitSummary* summaries,
                     int tiles) {
  begin_kernel();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int tiles_here = (columns + kLogitTile - 1) / kLogitTile;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kSummaryWarps + threadIdx.x / 32;
  if (index >= static_cast<int64_t>(rows) * tiles_here) return;
  const int64_t row = index / tiles_here;
  const int tile = static_cast<int>(index % tiles_here);
  const int count = min(kLogitTile, columns - tile * kLogitTile);
  float logit[kLogitsOfLane];
#pragma unroll
  for (int i = 0; i < kLogitsOfLane; ++i) {
    const int place = i * 32 + lane;
    logit[i] = place < count ? logits[row * stride + tile * kLogitTile + place] : kNoLogit;
  }
  const LogitSummary summary = summarize(logit, first_id + tile * kLogitTile, count);
  if (lane == 0) summaries[row * tiles + first_id / kLogitTile + tile] = summary;
}

constexpr int kCombineWarps = 4;

// log_sum[row] = logsumexp of the row: m' = max(m, m_t), sum = sum * exp(m - m') + sum_t * exp(m_t - m') over tiles t
// in order. A lane has one tile of 32, so that only the additions wait for each other. A warp takes a row.
__global__ void __launch_bounds__(32 * kCombineWarps)
    combine_summaries(const LogitSummary* summaries, int rows, int tiles, float* log_sum, int32_t* best) {
  begin_kernel();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int row = static_cast<int>(blockIdx.x) * kCombineWarps + static_cast<int>(threadIdx.x) / 32;
  if (row >= rows) return;
  float largest = kNoLogit, sum = 0;
  Candidate mine{kNoLogit, 0};
  for (int first = 0; first < tiles; first += 32) {
    LogitSummary tile{kNoLogit, 0, 0, 0};
    if (first + lane < tiles) tile = summaries[static_cast<int64_t>(row) * tiles + first + lane];
    if (tile.largest > mine.logit) mine = {tile.largest, tile.best};
    float after = tile.largest;  // the running maximum behind this tile
#pragma unroll
    for (int delta = 1; delta < 32; delta *= 2) {
      const float left = shuffle_up(after, delta);
      if (lane >= delta) after = fmaxf(after, left);
    }
    after = fmaxf(after, largest);
    const float left = shuffle_up(after, 1);
    const float before = lane == 0 ? largest : left;
    const float base = exp_base(after);
    const float keep = expf(before - base);
    const float add = tile.sum * expf(tile.largest - base);
    const int count = min(32, tiles - first);
    for (int j = 0; j < count; ++j) sum = fmaf(sum, shuffle(keep, j), shuffle(add, j));
    largest = shuffle(after, 31);
  }
  mine = best_of_warp(mine);
  if (lane != 0) return;
  log_sum[row] = largest + logf(sum);
  if (best != nullptr) best[row] = mine.logit == kNoLogit ? 0 : mine.id;
}

constexpr int kAskedWarps = 4;
constexpr int kAskedOfWarp = 8;

// out[j] = logit of row id_rows[j] and ids[j], by the instructions of a tile and so with its bits: a warp multiplies
// the rows of eight asked logits with their eight rows of the head, and keeps the diagonal.
__global__ void __launch_bounds__(32 * kAskedWarps)
    asked_logits(const unsigned char* a, int64_t a_row_bytes, const unsigned char* w, int64_t w_row_bytes, int panels,
                 const int32_t* ids, const int32_t* id_rows, int asked, float* out) {
  begin_kernel();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first = (static_cast<int>(blockIdx.x) * kAskedWarps + static_cast<int>(threadIdx.x) / 32) * kAskedOfWarp;
  if (first >= asked) return;
  const int mine = min(first + lane / 4, asked - 1);
  const auto* x = reinterpret_cast<const uint32_t*>(a + id_rows[mine] * a_row_bytes) + lane % 4;
  const auto* head = reinterpret_cast<const uint32_t*>(w + ids[mine] * w_row_bytes) + lane % 4;
  float sum[4] = {0, 0, 0, 0};
  for (int panel = 0; panel < panels; ++panel) {
    uint32_t rows[kStepsOfPanel][4], columns[kStepsOfPanel][2];
#pragma unroll
    for (int step = 0; step < kStepsOfPanel; ++step) {
      rows[step][0] = x[step * 8];
      rows[step][1] = 0;
      rows[step][2] = x[step * 8 + 4];
      rows[step][3] = 0;
      columns[step][0] = head[step * 8];
      columns[step][1] = head[step * 8 + 4];
    }
    x += kPanelRowBytes / 4;
    head += kPanelRowBytes / 4;
#pragma unroll
    for (int step = 0; step < kStepsOfPanel; ++step) mma_bf16(sum, rows[step], columns[step]);
  }
  const int j =
      first +
      lane / 4;  // row lane / 4 of the product; its diagonal is in one of this lane's two columns, or another lane's
  if (j < asked && lane / 8 == lane % 4) out[j] = sum[lane / 4 % 2];
}

// out[j] = the logit, for the ids that are among those in memory: first_id .. first_id + columns - 1.
__global__ void take_logits(const float* logits, int64_t stride, int first_id, int columns, const int32_t* ids,
                            const int32_t* id_rows, int asked, float* out) {
  begin_kernel();
  const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (j >= asked) return;
  const int column = ids[j] - first_id;
  if (column >= 0 && column < columns) out[j] = logits[id_rows[j] * stride + column];
}

__global__ void subtract_log_sum(float* out, const int32_t* id_rows, const float* log_sum, int asked) {
  begin_kernel();
  const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (j < asked) out[j] -= log_sum[id_rows[j]];
}

}  // namespace evalrun::cuda

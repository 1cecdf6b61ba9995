// Memory of a step: scratch on the device, and the pinned ring through which host arrays reach it.
#include "cuda/context.h"

#include <algorithm>
#include <cstring>

namespace evalrun::cuda {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kSmallestBlock = int64_t{1} << 20;
// A decode step stages a few KiB, a full prompt step some tens.
constexpr int64_t kChunkBytes = 256 << 10;
constexpr size_t kChunks = 4;

std::string sized(const char* what, int64_t bytes) { return std::string(what) + ", " + std::to_string(bytes) + " bytes"; }

}  // namespace

Scratch::~Scratch() {
  for (const Block& block : blocks_) cudaFree(block.data);
}

void* Scratch::take(int64_t bytes, const char* what) {
  bytes = round_up(std::max<int64_t>(bytes, 1), kAlignment);
  while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].bytes) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    // As much again as there is, so that a growing step needs few blocks.
    const int64_t size = std::max({bytes, bytes_, kSmallestBlock});
    void* data = nullptr;
    check(cudaMalloc(&data, static_cast<size_t>(size)), sized(what, size).c_str());
    blocks_.push_back({static_cast<char*>(data), size});
    bytes_ += size;
  }
  char* taken = blocks_[block_].data + used_;
  used_ += bytes;
#if defined(EVALRUN_CUDA_SIM)
  sim::poison_in_order(taken, static_cast<size_t>(bytes));
#endif
  return taken;
}

void Scratch::reset() {
  block_ = 0;
  used_ = 0;
}

StageRing::~StageRing() {
  for (const std::vector<Chunk>& chunks : {chunks_, captured_}) {
    for (const Chunk& chunk : chunks) {
      cudaEventDestroy(chunk.copied);
      cudaFreeHost(chunk.data);
    }
  }
}

StageRing::Chunk StageRing::make_chunk(int64_t bytes, const char* what) {
  Chunk chunk;
  chunk.bytes = std::max(bytes, kChunkBytes);
  void* data = nullptr;
  check(cudaMallocHost(&data, static_cast<size_t>(chunk.bytes)), sized(what, chunk.bytes).c_str());
  chunk.data = static_cast<char*>(data);
  check(cudaEventCreateWithFlags(&chunk.copied, cudaEventDisableTiming), what);
  return chunk;
}

StageRing::Chunk& StageRing::chunk_for(int64_t bytes, cudaStream_t stream, const char* what) {
  if (!spare_) {
    captured_.push_back(make_chunk(kChunkBytes, what));
    spare_ = true;
  }
  if (chunks_.empty()) chunks_.push_back(make_chunk(bytes, what));
  Chunk& chunk = chunks_[current_];
  if (chunk.used + bytes <= chunk.bytes) return chunk;

  check(cudaEventRecord(chunk.copied, stream), what);
  chunk.in_flight = true;
  current_ = (current_ + 1) % kChunks;
  if (current_ == chunks_.size()) chunks_.push_back(make_chunk(bytes, what));
  Chunk& next = chunks_[current_];
  if (next.in_flight) check(cudaEventSynchronize(next.copied), what);
  if (next.bytes < bytes) {
    const Chunk larger = make_chunk(bytes, what);
    check(cudaEventDestroy(next.copied), what);
    check(cudaFreeHost(next.data), what);
    next = larger;
  }
  next.used = 0;
  next.in_flight = false;
  return next;
}

StageRing::Chunk& StageRing::captured_chunk_for(int64_t bytes, const char* what) {
  if (captured_.empty() || captured_.back().used + bytes > captured_.back().bytes) {
    throw CudaError(sized(what, bytes) + ": no staging memory is set aside for a captured step; run the step once before it " +
                    "is captured, and stage at most " + std::to_string(kChunkBytes) + " bytes in it");
  }
  spare_ = false;
  return captured_.back();
}

const void* StageRing::put(const void* host, int64_t bytes, cudaStream_t stream, const char* what) {
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &capture), what);
  const int64_t room = round_up(bytes, kAlignment);
  Chunk& chunk =
      capture == cudaStreamCaptureStatusNone ? chunk_for(room, stream, what) : captured_chunk_for(room, what);
  char* pinned = chunk.data + chunk.used;
  std::memcpy(pinned, host, static_cast<size_t>(bytes));
  chunk.used += room;
  return pinned;
}

const void* Context::stage_bytes(const void* host, int64_t bytes, const char* what) {
  void* device = step_memory.take(bytes, what);
  if (bytes == 0) return device;
  const void* pinned = ring.put(host, bytes, stream, what);
  check(cudaMemcpyAsync(device, pinned, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream), what);
  return device;
}

}  // namespace evalrun::cuda

// Memory of a step: scratch on the device, and the pinned ring through which host arrays reach it.
#include "cuda/context.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace evalrun::cuda {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kSmallestBlock = int64_t{1} << 20;
// A decode step stages a few KiB, a full prompt step some tens.
constexpr int64_t kChunkBytes = 256 << 10;
constexpr size_t kChunks = 4;

std::string mebibytes(int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

std::string sized(const char* what, int64_t bytes) { return std::string(what) + ", " + std::to_string(bytes) + " bytes"; }

}  // namespace

std::optional<bool> switch_of(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr || std::strcmp(text, "") == 0) return std::nullopt;
  if (std::strcmp(text, "0") == 0 || std::strcmp(text, "1") == 0) return text[0] == '1';
  throw CudaError(std::string(variable) + " is \"" + text + "\"; it may be 0 or 1");
}

void throw_cuda_error(cudaError_t status, const char* what) {
  const CudaError error(std::string(what) + ": " + cudaGetErrorString(status));
  cudaGetLastError();  // it is told here, and not again by the next launch
  throw error;
}

void* allocate_on_device(int64_t bytes, const std::string& what) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, static_cast<size_t>(bytes));
  if (status != cudaErrorMemoryAllocation) check(status, what.c_str());
  if (status == cudaSuccess) return memory;
  cudaGetLastError();  // the failure is told here, not by the next launch
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  throw CudaError("GPU memory for " + what + ": " + mebibytes(bytes) + " wanted, " + mebibytes(static_cast<int64_t>(free)) +
                  " of " + mebibytes(static_cast<int64_t>(total)) + " free");
}

DoneCounter::~DoneCounter() { cudaFree(data_); }

int32_t* DoneCounter::get() {
  if (data_ != nullptr) return data_;
  data_ = static_cast<int32_t*>(allocate_on_device(sizeof *data_, "a count of blocks"));
  check(cudaMemsetAsync(data_, 0, sizeof *data_, stream_), "clearing a count of blocks");
  return data_;
}

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
    blocks_.push_back({static_cast<char*>(allocate_on_device(size, what)), size});
    bytes_ += size;
  }
  char* taken = blocks_[block_].data + used_;
  used_ += bytes;
#if defined(EVALRUN_CUDA_SIM)
  const auto poison = [=] { sim::poison_in_order(taken, static_cast<size_t>(bytes)); };
  if (recorder_ != nullptr && recorder_->recording()) {
    LaunchHash what;
    what.add(taken);
    what.add(bytes);
    recorder_->precede(what, poison);
  } else {
    poison();
  }
#endif
  return taken;
}

void Scratch::reset() {
  block_ = 0;
  used_ = 0;
}

StageRing::~StageRing() {
  for (const Chunk& chunk : chunks_) free_chunk(chunk);
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

void StageRing::free_chunk(const Chunk& chunk) {
  cudaEventDestroy(chunk.copied);
  cudaFreeHost(chunk.data);
}

void StageRing::make_room(int64_t bytes, cudaStream_t stream, const char* what) {
  if (chunks_.empty()) chunks_.push_back(make_chunk(bytes, what));
  Chunk& full = chunks_[current_];
  if (used_ + bytes <= full.bytes) return;
  check(cudaEventRecord(full.copied, stream), what);
  full.in_flight = true;

  current_ = (current_ + 1) % kChunks;
  used_ = 0;
  if (current_ == chunks_.size()) chunks_.push_back(make_chunk(bytes, what));
  Chunk& next = chunks_[current_];
  if (next.in_flight) check(cudaEventSynchronize(next.copied), what);
  next.in_flight = false;
  if (next.bytes >= bytes) return;
  const Chunk larger = make_chunk(bytes, what);
  free_chunk(next);
  next = larger;
}

const void* StageRing::put(const void* host, int64_t bytes, cudaStream_t stream, const char* what) {
  const int64_t room = round_up(bytes, kAlignment);
  make_room(room, stream, what);
  char* pinned = chunks_[current_].data + used_;
  used_ += room;
  std::memcpy(pinned, host, static_cast<size_t>(bytes));
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

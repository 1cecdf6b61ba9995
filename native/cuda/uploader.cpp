#include "cuda/uploader.h"

#include <algorithm>
#include <cstring>

namespace evalrun::cuda {
namespace {

// What one thread copies at a time: an expert's matrix is enough for many threads.
constexpr int64_t kPiece = 256 << 10;

}  // namespace

Uploader::~Uploader() {
  cudaStreamSynchronize(stream_);
  for (Slot& slot : slots_) {
    if (slot.copied != nullptr) cudaEventDestroy(slot.copied);
    if (slot.data != nullptr) cudaFreeHost(slot.data);
  }
}

Uploader::Slot& Uploader::next() {
  Slot& slot = slots_[turn_];
  turn_ = (turn_ + 1) % kBuffers;
  if (slot.data == nullptr) {
    void* memory = nullptr;
    check(cudaMallocHost(&memory, kBufferBytes), "pinned memory for loading weights");
    slot.data = static_cast<char*>(memory);
    check(cudaEventCreateWithFlags(&slot.copied, cudaEventDisableTiming), "making an event");
  } else {
    check(cudaEventSynchronize(slot.copied), "uploading weights");
  }
  return slot;
}

void Uploader::send(Slot& slot, char* to, int64_t bytes) {
  check(cudaMemcpyAsync(to, slot.data, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream_), "uploading weights");
  check(cudaEventRecord(slot.copied, stream_), "uploading weights");
}

void Uploader::upload(void* to, int64_t to_stride, const void* from, int64_t row_bytes, int64_t rows) {
  // Without padding the matrix is one long row, cut anywhere; with it, whole rows are laid out in the buffer.
  const bool dense = to_stride == row_bytes;
  const int64_t unit = dense ? 1 : to_stride;
  const int64_t total = dense ? row_bytes * rows : rows;
  const int64_t at_once = kBufferBytes / unit;
  if (at_once == 0) throw CudaError("a row of weights is longer than the buffer for loading them");
  const char* source = static_cast<const char*>(from);
  for (int64_t done = 0; done < total; done += at_once) {
    Slot& slot = next();
    const int64_t count = std::min(at_once, total - done);
    if (dense) {
      pool_.run(ceil_div(count, kPiece), [&](int64_t piece, int) {
        const int64_t begin = piece * kPiece;
        std::memcpy(slot.data + begin, source + done + begin, static_cast<size_t>(std::min(kPiece, count - begin)));
      });
    } else {
      pool_.run(count, [&](int64_t row, int) {
        char* target = slot.data + row * to_stride;
        std::memcpy(target, source + (done + row) * row_bytes, static_cast<size_t>(row_bytes));
        std::memset(target + row_bytes, 0, static_cast<size_t>(to_stride - row_bytes));
      });
    }
    send(slot, static_cast<char*>(to) + done * unit, count * unit);
  }
}

}  // namespace evalrun::cuda

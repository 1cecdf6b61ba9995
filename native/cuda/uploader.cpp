#include "cuda/uploader.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace evalrun::cuda {
namespace {

// What one thread copies at a time: an expert's matrix is enough for many threads.
constexpr int64_t kPiece = 256 << 10;

// Past the caches, which the GPU's copy would not find it in: the buffer's lines are then not read before they are written. `to` is a
// multiple of 16 bytes.
void copy_past_caches(char* to, const char* from, int64_t bytes) {
  int64_t done = 0;
#if defined(__SSE2__)
  for (; done + 64 <= bytes; done += 64) {
    const auto* source = reinterpret_cast<const __m128i*>(from + done);
    auto* target = reinterpret_cast<__m128i*>(to + done);
    const __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1), c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(target, a);
    _mm_stream_si128(target + 1, b);
    _mm_stream_si128(target + 2, c);
    _mm_stream_si128(target + 3, d);
  }
  _mm_sfence();
#endif
  std::memcpy(to + done, from + done, static_cast<size_t>(bytes - done));
}

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
        copy_past_caches(slot.data + begin, source + done + begin, std::min(kPiece, count - begin));
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

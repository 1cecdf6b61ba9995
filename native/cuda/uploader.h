// From the host's memory to the GPU's through a ring of pinned buffers: while one is on its way, threads fill the next.
#pragma once
#include <array>
#include <cstdint>

#include "cpu/thread_pool.h"
#include "cuda/context.h"

namespace evalrun::cuda {

class Uploader {
 public:
  Uploader(cudaStream_t stream, ThreadPool& pool) : stream_(stream), pool_(pool) {}
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;
  ~Uploader();

  // `rows` rows of `row_bytes` each, one behind the other at `from`, to rows `to_stride` bytes apart, the gaps filled with zeros.
  // `from` may be released on return; the copy is in stream order.
  void upload(void* to, int64_t to_stride, const void* from, int64_t row_bytes, int64_t rows);

 private:
  static constexpr int kBuffers = 3;
  static constexpr int64_t kBufferBytes = 32 << 20;
  struct Slot {
    char* data = nullptr;
    cudaEvent_t copied = nullptr;
  };

  Slot& next();
  void send(Slot& slot, char* to, int64_t bytes);

  cudaStream_t stream_;
  ThreadPool& pool_;
  std::array<Slot, kBuffers> slots_;
  int turn_ = 0;
};

}  // namespace evalrun::cuda

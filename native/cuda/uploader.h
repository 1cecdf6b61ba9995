// From the host's memory to the GPU's through a ring of pinned buffers: while one is on its way, threads fill the next.
//
// Matrices are gathered until a buffer is full, because threads share one large piece of work better than many small ones: the matrices of
// an expert of DeepSeek-V2-Lite are 6 MB, of which sixteen threads have a third of a millisecond to do.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "cpu/thread_pool.h"
#include "cuda/context.h"
#include "model/mapped_file.h"

namespace evalrun::cuda {

class Uploader {
 public:
  Uploader(cudaStream_t stream, ThreadPool& pool) : stream_(stream), pool_(pool) {}
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;
  ~Uploader();

  // `rows` rows of `row_bytes` each, one behind the other at `from`, to rows `to_stride` bytes apart, the gaps filled with zeros.
  // `from` has to last until finish(), behind which the copies are in stream order. `file`: the one that holds `from`, or null; it is
  // read where rows have no gaps.
  void add(void* to, int64_t to_stride, const void* from, int64_t row_bytes, int64_t rows, const MappedFile* file = nullptr);
  void finish() { send(); }
  // What is added next goes to another allocation than what came before, which may lie right behind it: no copy may span two.
  void begin_allocation() { allocation_goes_on_ = false; }

  // Both: `from` may be released on return.
  void upload(void* to, int64_t to_stride, const void* from, int64_t row_bytes, int64_t rows) {
    add(to, to_stride, from, row_bytes, rows);
    finish();
  }

 private:
  static constexpr int kBuffers = 3;
  static constexpr int64_t kBufferBytes = 32 << 20;
  struct Slot {
    char* data = nullptr;
    cudaEvent_t copied = nullptr;
  };
  // Rows that one thread copies into the slot, each with zeros behind it.
  struct Piece {
    int64_t place;  // in the slot
    const char* from;
    int64_t row_bytes, stride, rows;
    const MappedFile* file;  // of one row
  };
  // A stretch of the slot that goes to one place.
  struct Copy {
    char* to;
    int64_t place, bytes;
  };

  // Room for `bytes` more in the slot that is being gathered for: the bytes that are left of it, after sending a full one.
  int64_t room_for(int64_t bytes);
  void gather(char* to, const Piece& piece);
  // Fills the slot with what was gathered, and gives it to the stream.
  void send();
  Slot& next();

  cudaStream_t stream_;
  ThreadPool& pool_;
  std::array<Slot, kBuffers> slots_;
  int turn_ = 0;
  int64_t used_ = 0;  // of the slot that is being gathered for
  std::vector<Piece> pieces_;
  std::vector<Copy> copies_;
  bool allocation_goes_on_ = false;
};

}  // namespace evalrun::cuda

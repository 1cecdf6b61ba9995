#include "cuda/uploader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace evalrun::cuda {
namespace {

// What one thread copies at a time.
constexpr int64_t kPieceBytes = 256 << 10;

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

void Uploader::send() {
  if (pieces_.empty()) return;
  // Whatever fails below, what they point to is no longer promised to be there.
  const std::vector<Piece> pieces = std::exchange(pieces_, {});
  const std::vector<Copy> copies = std::exchange(copies_, {});
  used_ = 0;
  Slot& slot = next();
  pool_.run(static_cast<int64_t>(pieces.size()), [&](int64_t i, int) {
    const Piece& piece = pieces[static_cast<size_t>(i)];
    if (piece.file != nullptr) return piece.file->copy(slot.data + piece.place, piece.from, piece.row_bytes);
    for (int64_t row = 0; row < piece.rows; ++row) {
      char* to = slot.data + piece.place + row * piece.stride;
      std::memcpy(to, piece.from + row * piece.row_bytes, static_cast<size_t>(piece.row_bytes));
      std::memset(to + piece.row_bytes, 0, static_cast<size_t>(piece.stride - piece.row_bytes));
    }
  });
  for (const Copy& copy : copies) {
    check(cudaMemcpyAsync(copy.to, slot.data + copy.place, static_cast<size_t>(copy.bytes), cudaMemcpyHostToDevice, stream_),
          "uploading weights");
  }
  check(cudaEventRecord(slot.copied, stream_), "uploading weights");
}

int64_t Uploader::room_for(int64_t bytes) {
  if (used_ + bytes > kBufferBytes) send();
  return kBufferBytes - used_;
}

void Uploader::gather(char* to, const Piece& piece) {
  pieces_.push_back(piece);
  const int64_t bytes = piece.stride * piece.rows;
  if (allocation_goes_on_ && !copies_.empty() && copies_.back().to + copies_.back().bytes == to) {
    copies_.back().bytes += bytes;
  } else {
    copies_.push_back({to, used_, bytes});
  }
  allocation_goes_on_ = true;
  used_ += bytes;
}

void Uploader::add(void* to, int64_t to_stride, const void* from, int64_t row_bytes, int64_t rows, const MappedFile* file) {
  auto* target = static_cast<char*>(to);
  const auto* source = static_cast<const char*>(from);
  if (to_stride == row_bytes) {
    // One long row, cut anywhere.
    for (int64_t left = row_bytes * rows; left > 0;) {
      const int64_t bytes = std::min({left, kPieceBytes, room_for(1)});
      gather(target, {used_, source, bytes, bytes, 1, file});
      target += bytes;
      source += bytes;
      left -= bytes;
    }
    return;
  }
  if (to_stride > kBufferBytes) throw CudaError("a row of weights is longer than the buffer for loading them");
  for (int64_t left = rows; left > 0;) {
    const int64_t count = std::min({left, std::max<int64_t>(1, kPieceBytes / to_stride), room_for(to_stride) / to_stride});
    gather(target, {used_, source, row_bytes, to_stride, count, nullptr});
    target += count * to_stride;
    source += count * row_bytes;
    left -= count;
  }
}

}  // namespace evalrun::cuda

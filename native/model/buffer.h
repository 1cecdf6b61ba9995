// Memory aligned to a cache line, zeroed lazily by the system, released with its owner.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace evalrun {

// Pages of the system, which zeroes each when it is touched; to be given back by munmap(). Processes that this one starts do not get
// them: copying the tables of their pages holds up whoever starts one (a program of a sandbox) by 25 ms a gigabyte and more.
inline void* map_pages(int64_t bytes) {
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_DONTFORK)
  madvise(address, bytes, MADV_DONTFORK);
#endif
  return address;
}

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t bytes) : bytes_(bytes) {
    if (bytes_ > 0) data_ = map_pages(bytes_);
  }
  ~Buffer() {
    if (data_ != nullptr) munmap(data_, bytes_);
  }
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// Many pieces of memory that live as long as each other, in blocks that the system may back with huge pages: a product
// that streams through gigabytes of weights spends a fifth of its time on address translation otherwise.
class Arena {
 public:
  // 64-byte aligned.
  void* take(int64_t bytes) {
    const int64_t rounded = (bytes + 63) / 64 * 64;
    if (blocks_.empty() || used_ + rounded > blocks_.back().bytes()) {
      blocks_.emplace_back(rounded > kBlock ? rounded : kBlock);
      used_ = 0;
#if defined(MADV_HUGEPAGE)
      madvise(blocks_.back().data(), blocks_.back().bytes(), MADV_HUGEPAGE);
#endif
    }
    void* piece = static_cast<char*>(blocks_.back().data()) + used_;
    used_ += rounded;
    return piece;
  }

  // The system may have the pages of a piece, which is not to be used again.
  static void forget(void* piece, int64_t bytes) {
    constexpr uintptr_t kPage = 4096;
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(piece) + kPage - 1) / kPage * kPage;
    const uintptr_t end = (reinterpret_cast<uintptr_t>(piece) + static_cast<uintptr_t>(bytes)) / kPage * kPage;
    if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }

 private:
  static constexpr int64_t kBlock = 64 << 20;
  std::vector<Buffer> blocks_;
  int64_t used_ = 0;
};

}  // namespace evalrun

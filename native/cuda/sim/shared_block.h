// The shared memory of the running block, between two zones that must not be written.
#pragma once
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "cuda/sim/device.h"
#include "cuda/sim/sanitizer.h"

namespace evalrun::cuda::sim {

class SharedBlock {
 public:
  SharedBlock() : memory_(static_cast<unsigned char*>(::operator new(kBytes, std::align_val_t(kZone)))) {}
  ~SharedBlock() {
    ASAN_UNPOISON_MEMORY_REGION(memory_, kBytes);
    ::operator delete(memory_, std::align_val_t(kZone));
  }
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;

  unsigned char* data() { return memory_ + kZone; }
  bool contains(const void* address, int bytes) {
    const unsigned char* begin = static_cast<const unsigned char*>(address);
    return begin >= data() && begin + bytes <= data() + bytes_;
  }

  void resize(int bytes) {
    bytes_ = static_cast<size_t>(bytes);
    ASAN_UNPOISON_MEMORY_REGION(memory_, kBytes);
    std::memset(memory_, 0xff, bytes_ + 2 * kZone);
    ASAN_POISON_MEMORY_REGION(memory_, kZone);
    ASAN_POISON_MEMORY_REGION(data() + bytes_, kBytes - kZone - bytes_);
  }

  void poison() { std::memset(data(), 0xff, bytes_); }

  // "" or what happened.
  std::string written_outside() {
#if !defined(EVALRUN_SIM_ASAN)
    for (size_t i = 1; i <= kZone; ++i) {
      if (data()[-static_cast<std::ptrdiff_t>(i)] != 0xff) return "wrote " + std::to_string(i) + " bytes before its shared memory";
      if (data()[bytes_ + i - 1] != 0xff) {
        return "wrote at byte " + std::to_string(bytes_ + i - 1) + " of its " + std::to_string(bytes_) +
               " bytes of shared memory";
      }
    }
#endif
    return "";
  }

 private:
  static constexpr size_t kZone = 1024;
  static constexpr size_t kBytes = 2 * kZone + kLargestShared;
  unsigned char* memory_;
  size_t bytes_ = 0;
};

}  // namespace evalrun::cuda::sim

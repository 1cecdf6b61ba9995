// Memory that a thread keeps between ops, so that a step allocates nothing once it has run.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace evalrun {

// 64-byte aligned; get() keeps the largest block so far, and its contents are undefined.
class Scratch {
 public:
  template <class T>
  T* get(size_t count) {
    const size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
    if (bytes > capacity_) {
      memory_.reset();
      memory_.reset(std::aligned_alloc(64, bytes));
      if (!memory_) throw std::bad_alloc();
      capacity_ = bytes;
    }
    return static_cast<T*>(memory_.get());
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> memory_;
  size_t capacity_ = 0;
};

}  // namespace evalrun

// A stack of its own for each simulated thread, and the switch between them.
#pragma once
#include <cstddef>

#if !defined(__x86_64__) || !defined(__ELF__) || defined(EVALRUN_SIM_UCONTEXT)
#include <ucontext.h>
#define EVALRUN_SIM_PORTABLE_FIBERS 1
#endif

namespace evalrun::cuda::sim {

// Either the program's own stack (default-constructed) or one with a function to run.
class Fiber {
 public:
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Makes `entry` what the next switch to this fiber runs; whatever it was in the middle of is forgotten. `entry` never
  // returns: its last act is a switch with `last` set.
  void start(void (*entry)());
  // Suspends `from`, which is running, and goes on with this fiber where it stopped.
  void resume(Fiber& from, bool last = false);
  // Says that the fiber's frames are still on its stack, though it will not go on.
  void abandon() { ended_ = false; }

 private:
  static void begin();

  char* map_ = nullptr;
  size_t shift_ = 0;
  void (*entry_)() = nullptr;
  bool ended_ = false;
#if defined(EVALRUN_SIM_PORTABLE_FIBERS)
  ucontext_t context_;
#else
  void* stack_pointer_ = nullptr;
#endif
  // For AddressSanitizer.
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  size_t size_ = 0;
};

}  // namespace evalrun::cuda::sim

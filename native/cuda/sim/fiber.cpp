#include "cuda/sim/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#include "cuda/sim/sanitizer.h"

namespace evalrun::cuda::sim {
namespace {

#if defined(EVALRUN_SIM_ASAN)
constexpr size_t kStackBytes = 256 << 10;
#else
constexpr size_t kStackBytes = 128 << 10;
#endif

// Larger than the frames of Fiber::begin and of what it runs, and where the stack begins in its page.
constexpr size_t kEntryFrames = 12 << 10;

// Who is being switched to and from, for the first instructions on the other side.
Fiber* entering;
Fiber* leaving;

[[maybe_unused]] size_t stacks = 0;

}  // namespace

#if !defined(EVALRUN_SIM_PORTABLE_FIBERS)
// Saves what a function call must preserve (System V ABI), changes the stack, and restores the same from there.
extern "C" void evalrun_sim_switch(void** save, void* load);
asm(R"(
.text
.globl evalrun_sim_switch
.type evalrun_sim_switch, @function
evalrun_sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size evalrun_sim_switch, .-evalrun_sim_switch
)");
#endif

Fiber::~Fiber() {
  if (map_ == nullptr) return;
  ASAN_UNPOISON_MEMORY_REGION(map_, size_);
  munmap(map_, static_cast<size_t>(sysconf(_SC_PAGESIZE)) + kStackBytes);
}

void Fiber::start(void (*entry)()) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (map_ == nullptr) {
    void* map = mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc();
    map_ = static_cast<char*>(map);
    mprotect(map_, page, PROT_NONE);  // an overflow crashes instead of spoiling a neighbour
    bottom_ = map_ + page;
    size_ = kStackBytes;
  }
  // What is left on the stack of a fiber that ended are the frames of begin() and its entry; else, anything.
  const size_t left = ended_ ? kEntryFrames : size_;
  ASAN_UNPOISON_MEMORY_REGION(static_cast<const char*>(bottom_) + size_ - left, left);
  ended_ = false;
  entry_ = entry;
  fake_stack_ = nullptr;
#if defined(EVALRUN_SIM_PORTABLE_FIBERS)
  getcontext(&context_);
  context_.uc_stack.ss_sp = const_cast<void*>(bottom_);
  context_.uc_stack.ss_size = size_;
  context_.uc_link = nullptr;
  makecontext(&context_, begin, 0);
#else
  // Stacks begin at different lines of the cache; at the same place of a page they would push each other out.
  if (shift_ == 0) shift_ = (++stacks % 64 + 1) * 64;
  // As if begin() had been called (16 * n + 8): a return address that nobody uses, below it what evalrun_sim_switch pops.
  void** top = reinterpret_cast<void**>(map_ + page + kStackBytes - shift_);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(&begin);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  stack_pointer_ = top;
#endif
}

void Fiber::begin() {
#if defined(EVALRUN_SIM_ASAN)
  // Also tells how large the stack is that we came from: the program's own has no other way to know.
  __sanitizer_finish_switch_fiber(nullptr, &leaving->bottom_, &leaving->size_);
#endif
  entering->entry_();
  __builtin_trap();
}

void Fiber::resume(Fiber& from, bool last) {
  entering = this;
  leaving = &from;
  from.ended_ = last;
#if defined(EVALRUN_SIM_ASAN)
  __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_stack_, bottom_, size_);
#endif
#if defined(EVALRUN_SIM_PORTABLE_FIBERS)
  swapcontext(&from.context_, &context_);
#else
  evalrun_sim_switch(&from.stack_pointer_, stack_pointer_);
#endif
#if defined(EVALRUN_SIM_ASAN)
  __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
#endif
}

}  // namespace evalrun::cuda::sim

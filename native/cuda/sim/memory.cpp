#include "cuda/sim/memory.h"

#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <vector>

#include "cuda/sim/device.h"
#include "cuda/sim/sanitizer.h"

namespace evalrun::cuda::sim {
namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kHugePage = 2 << 20;

size_t round_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

class Arena {
 public:
  Arena();
  void* allocate(size_t bytes);
  bool free(char* pointer);
  const std::map<char*, size_t>& allocations() const { return allocations_; }
  const std::map<char*, size_t>& holes() const { return holes_; }
  size_t used() const { return used_; }
  // Whether anything was ever asked of it.
  bool begun() const { return begun_; }
  bool contains(const void* pointer) const {
    return pointer >= static_cast<const void*>(base_) && pointer < static_cast<const void*>(base_ + device_bytes());
  }
  void open() {
    if (opened_++ == 0) protect(PROT_READ | PROT_WRITE);
  }
  void close() {
    if (--opened_ == 0) protect(PROT_NONE);
  }

 private:
  // What is taken of it for that many bytes.
  static size_t extent(size_t bytes) { return 2 * zone_bytes() + round_up(bytes, kAlignment); }
  void give_back(char* start, size_t bytes);
  // Whole huge pages: there are few of them, and with 4 KiB pages this would take longer than most kernels.
  void protect(int protection) {
    if (top_ > base_) mprotect(base_, round_up(static_cast<size_t>(top_ - base_), kHugePage), protection);
  }

  char* base_;
  char* top_;  // everything above was never handed out
  std::map<char*, size_t> allocations_;  // where the caller's bytes begin, how many
  std::map<char*, size_t> holes_;        // below top_
  size_t used_ = 0;
  bool begun_ = false;
  int opened_ = 0;
};

Arena& arena() {
  static Arena arena;
  return arena;
}

std::map<char*, size_t>& pinned() {
  static std::map<char*, size_t> ranges;
  return ranges;
}

#if !defined(EVALRUN_SIM_ASAN)
void explain_fault(int signal, siginfo_t* info, void*) {
  if (arena().contains(info->si_addr)) {
    constexpr char kText[] = "host code touched device memory: copy it with cudaMemcpyAsync\n";
    if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0) _exit(1);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
#endif

Arena::Arena() {
  void* map = mmap(nullptr, device_bytes() + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  const uintptr_t begin = round_up(reinterpret_cast<uintptr_t>(map), kHugePage);
  base_ = top_ = reinterpret_cast<char*>(begin);
#if defined(MADV_HUGEPAGE)
  madvise(base_, device_bytes(), MADV_HUGEPAGE);
#endif
#if !defined(EVALRUN_SIM_ASAN)
  struct sigaction action {};
  action.sa_sigaction = explain_fault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, nullptr);
#endif
}

void* Arena::allocate(size_t bytes) {
  begun_ = true;
  const size_t needed = extent(bytes);
  auto hole = std::find_if(holes_.begin(), holes_.end(), [&](const auto& entry) { return entry.second >= needed; });
  char* start;
  if (hole != holes_.end()) {
    start = hole->first;
    const size_t left = hole->second - needed;
    holes_.erase(hole);
    if (left > 0) holes_[start + needed] = left;
  } else {
    if (needed + taken_bytes() > static_cast<size_t>(base_ + device_bytes() - top_)) return nullptr;
    start = top_;
    top_ += needed;
    if (opened_ > 0) protect(PROT_READ | PROT_WRITE);
  }
  const size_t zone = zone_bytes();
  char* data = start + zone;
  open();
  ASAN_UNPOISON_MEMORY_REGION(start, needed);
  std::memset(start, 0xff, needed);
  ASAN_POISON_MEMORY_REGION(start, zone);
  ASAN_POISON_MEMORY_REGION(data + bytes, needed - zone - bytes);
  close();
  allocations_[data] = bytes;
  used_ += needed;
  return data;
}

bool Arena::free(char* pointer) {
  const auto found = allocations_.find(pointer);
  if (found == allocations_.end()) return false;
  const size_t size = extent(found->second);
  char* start = pointer - zone_bytes();
  allocations_.erase(found);
  used_ -= size;
  // What still reads it finds no number there.
  open();
  ASAN_UNPOISON_MEMORY_REGION(start, size);
  std::memset(start, 0xff, size);
  close();
  give_back(start, size);
  return true;
}

void Arena::give_back(char* start, size_t bytes) {
  ASAN_POISON_MEMORY_REGION(start, bytes);
  auto next = holes_.lower_bound(start);
  if (next != holes_.end() && next->first == start + bytes) {
    bytes += next->second;
    next = holes_.erase(next);
  }
  if (next != holes_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == start) {
      previous->second += bytes;
      return;
    }
  }
  holes_[start] = bytes;
}

bool inside(const std::map<char*, size_t>& ranges, const void* pointer, size_t bytes) {
  char* p = static_cast<char*>(const_cast<void*>(pointer));
  auto after = ranges.upper_bound(p);
  if (after == ranges.begin()) return false;
  const auto& [start, size] = *std::prev(after);
  return p + bytes <= start + size;
}

}  // namespace

void* allocate_device(size_t bytes) { return arena().allocate(bytes); }
bool free_device(void* pointer) { return arena().free(static_cast<char*>(pointer)); }
size_t free_device_bytes() {
  const size_t gone = arena().used() + (arena().begun() ? taken_bytes() : 0);
  return device_bytes() - std::min(gone, device_bytes());
}
bool is_device(const void* pointer, size_t bytes) { return inside(arena().allocations(), pointer, bytes); }
bool touches_device(const void* pointer) { return arena().contains(pointer); }

void* allocate_pinned(size_t bytes) {
  void* memory = ::operator new(bytes, std::align_val_t(kAlignment));
  std::memset(memory, 0xff, bytes);
  add_pinned(memory, bytes);
  return memory;
}
bool free_pinned(void* pointer) {
  if (!remove_pinned(pointer)) return false;
  ::operator delete(pointer, std::align_val_t(kAlignment));
  return true;
}
void add_pinned(void* pointer, size_t bytes) { pinned()[static_cast<char*>(pointer)] = bytes; }
bool remove_pinned(void* pointer) { return pinned().erase(static_cast<char*>(pointer)) == 1; }
bool is_pinned(const void* pointer, size_t bytes) { return inside(pinned(), pointer, bytes); }

namespace {

// Whether every byte is as the arena left it. After each launch all allocations are looked at, so this has to be quick.
[[maybe_unused]] bool is_untouched(const char* bytes, size_t count) {
  static const std::vector<unsigned char> untouched(4096, 0xff);
  for (size_t i = 0; i < count; i += untouched.size()) {
    if (std::memcmp(bytes + i, untouched.data(), std::min(untouched.size(), count - i)) != 0) return false;
  }
  return true;
}

}  // namespace

std::string written_outside_allocations() {
#if !defined(EVALRUN_SIM_ASAN)
  const DeviceAccess access;
  const size_t zone = zone_bytes();
  for (const auto& [data, bytes] : arena().allocations()) {
    if (is_untouched(data - zone, zone) && is_untouched(data + bytes, zone)) continue;
    for (size_t i = 0; i < zone; ++i) {
      const bool before = static_cast<unsigned char>(data[-1 - static_cast<std::ptrdiff_t>(i)]) != 0xff;
      if (!before && static_cast<unsigned char>(data[bytes + i]) == 0xff) continue;
      return "wrote at byte " + (before ? "-" + std::to_string(i + 1) : std::to_string(bytes + i)) +
             " of a device allocation of " + std::to_string(bytes) + " bytes";
    }
  }
  // Of memory that was freed only the beginning is looked at: there may be much of it.
  for (const auto& [start, bytes] : arena().holes()) {
    if (!is_untouched(start, std::min(bytes, 3 * zone))) return "wrote to device memory that was freed before it ran";
  }
#endif
  return "";
}

DeviceAccess::DeviceAccess() { arena().open(); }
DeviceAccess::~DeviceAccess() { arena().close(); }

}  // namespace evalrun::cuda::sim

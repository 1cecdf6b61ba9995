#include "cuda/sim/grid.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "cuda/sim/device.h"
#include "cuda/sim/fiber.h"
#include "cuda/sim/memory.h"
#include "cuda/sim/random.h"
#include "cuda/sim/shared_block.h"
#include "cuda/kernels/wgmma.cuh"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace evalrun::cuda::sim {
namespace {

constexpr int kMostThreads = 1024;  // of a block

struct Copy {
  void* shared;
  const void* global;
  int bytes;
  bool valid;
  int group;
};

struct Thread {
  Fiber fiber;
  uint3 index;
  std::vector<Copy> copies;
  int group = 0;  // of the next copy
  bool waited = false;
};

struct Warp {
  uint32_t lanes = 0;  // those that exist
  uint32_t ready = 0, returned = 0, arrived = 0;
  const char* kind = nullptr;
  Site site{};
  void* arguments[32];
};

std::string place(Site site) { return std::string(site.file) + ":" + std::to_string(site.line); }

template <class Index>
std::string print(const Index& index) {
  return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " + std::to_string(index.z) + ")";
}

bool same(const char* a, const char* b) { return a == b || std::strcmp(a, b) == 0; }
bool same(Site a, Site b) { return a.line == b.line && same(a.file, b.file); }

uint64_t seed_from_environment() {
  const char* text = std::getenv("EVALRUN_SIM_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

uint64_t current_seed = seed_from_environment();

class Machine {
 public:
  void run(const char* name, int shared_bytes, const std::function<void()>& body);
  void barrier(Site site);
  void collective(const char* kind, Site site, void* argument, Perform perform, bool full);
  Thread& running() { return threads_[running_]; }
  bool returned(int thread) const { return warps_[thread / 32].returned >> (thread % 32) & 1; }
  std::string where() const;
  SharedBlock& shared() { return shared_; }

 private:
  void run_block(int threads);
  static void thread_main();
  void finish_thread();
  int choose();
  void go_on(bool last);
  [[noreturn]] void stop();
  void set_stuck();
  std::string stuck() const;

  const char* name_ = "";
  const std::function<void()>* body_ = nullptr;
  SharedBlock shared_;
  Random random_{1};
  uint64_t launches_ = 0;
  std::unique_ptr<Thread[]> threads_ = std::make_unique<Thread[]>(kMostThreads);
  std::vector<Warp> warps_;
  int count_ = 0, running_ = 0, returned_ = 0, waiting_ = 0;
  Site barrier_site_{};
  uint32_t ready_warps_ = 0;
  bool greedy_ = false;
  bool active_ = false;
  Fiber program_;
  std::exception_ptr error_;
};

Machine machine;

void Machine::run(const char* name, int shared_bytes, const std::function<void()>& body) {
  if (active_) throw Error("a kernel cannot launch another one");
  name_ = name;
  body_ = &body;
  random_ = Random(current_seed * 1000003 + launches_++);
  shared_.resize(shared_bytes);
  const int64_t blocks = int64_t{gridDim.x} * gridDim.y * gridDim.z;
  std::vector<int64_t> order(blocks);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = blocks - 1; i > 0; --i) std::swap(order[i], order[random_.below(static_cast<uint64_t>(i + 1))]);
  const DeviceAccess access;
  for (const int64_t block : order) {
    blockIdx = {static_cast<unsigned>(block % gridDim.x), static_cast<unsigned>(block / gridDim.x % gridDim.y),
                static_cast<unsigned>(block / gridDim.x / gridDim.y)};
    run_block(static_cast<int>(blockDim.x * blockDim.y * blockDim.z));
  }
  const std::string written = written_outside_allocations();
  if (!written.empty()) throw Error("kernel \"" + std::string(name_) + "\": " + written);
}

void Machine::run_block(int threads) {
  shared_.poison();
  wgmma_begin_block(threads);
  count_ = threads;
  returned_ = waiting_ = 0;
  greedy_ = random_.below(2) == 0;
  error_ = nullptr;
  warps_.assign((threads + 31) / 32, Warp{});
  ready_warps_ = 0;
  for (int i = 0; i < threads; ++i) {
    Thread& thread = threads_[i];
    thread.index = {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
    thread.copies.clear();
    thread.group = 0;
    thread.waited = false;
    thread.fiber.start(thread_main);
    warps_[i / 32].lanes |= 1u << (i % 32);
    warps_[i / 32].ready |= 1u << (i % 32);
    ready_warps_ |= 1u << (i / 32);
  }
  active_ = true;
  running_ = choose();
  threadIdx = threads_[running_].index;
  threads_[running_].fiber.resume(program_);
  active_ = false;
  if (error_) {
    for (int i = 0; i < kMostThreads; ++i) threads_[i].fiber.abandon();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  std::string written = shared_.written_outside();
  if (written.empty()) written = wgmma_end_block();
  if (!written.empty()) {
    throw Error("kernel \"" + std::string(name_) + "\", block " + print(blockIdx) + ": " + written);
  }
}

void Machine::thread_main() {
  Machine& self = machine;
  try {
    (*self.body_)();
    self.finish_thread();
  } catch (...) {
    self.error_ = std::current_exception();
  }
  if (self.error_ || self.returned_ == self.count_) self.stop();
  self.go_on(true);
}

void Machine::finish_thread() {
  Warp& warp = warps_[running_ / 32];
  const uint32_t bit = 1u << (running_ % 32);
  ++returned_;
  warp.returned |= bit;
  warp.ready &= ~bit;
  if (warp.ready == 0) ready_warps_ &= ~(1u << (running_ / 32));
  if (waiting_ > 0) fail("returned while others wait in __syncthreads() at " + place(barrier_site_));
  if (warp.arrived != 0) {
    fail("returned while other lanes of its warp wait in " + std::string(warp.kind) + " at " + place(warp.site));
  }
}

// The thread that runs next, of those that can; -1 if there is none.
int Machine::choose() {
  if (ready_warps_ == 0) return -1;
  int warp = running_ / 32;
  if (!greedy_ || warp >= static_cast<int>(warps_.size()) || warps_[warp].ready == 0) warp = random_.bit_of(ready_warps_);
  return warp * 32 + random_.bit_of(warps_[warp].ready);
}

void Machine::go_on(bool last) {
  const int next = choose();
  if (next < 0) {
    set_stuck();
    stop();
  }
  if (next == running_) return;
  Thread& from = running();
  running_ = next;
  threadIdx = threads_[next].index;
  threads_[next].fiber.resume(from.fiber, last);
}

void Machine::set_stuck() { error_ = std::make_exception_ptr(Error(where() + ": " + stuck())); }

// Back to the program. Threads that have not returned are forgotten where they are, so callers have nothing to destroy.
void Machine::stop() {
  program_.resume(running().fiber, true);
  __builtin_unreachable();
}

void Machine::barrier(Site site) {
  if (returned_ > 0) {
    int gone = 0;
    while (!returned(gone)) ++gone;
    fail("reached __syncthreads() at " + place(site) + " after thread " + print(threads_[gone].index) + " had returned");
  }
  if (waiting_ > 0 && !same(site, barrier_site_)) {
    fail("reached __syncthreads() at " + place(site) + " while others wait in the one at " + place(barrier_site_));
  }
  Warp& warp = warps_[running_ / 32];
  barrier_site_ = site;
  warp.ready &= ~(1u << (running_ % 32));
  if (warp.ready == 0) ready_warps_ &= ~(1u << (running_ / 32));
  if (++waiting_ == count_) {
    waiting_ = 0;
    for (size_t i = 0; i < warps_.size(); ++i) {
      warps_[i].ready = warps_[i].lanes;
      ready_warps_ |= 1u << i;
    }
  }
  go_on(false);
}

void Machine::collective(const char* kind, Site site, void* argument, Perform perform, bool full) {
  Warp& warp = warps_[running_ / 32];
  const int lane = running_ % 32;
  if (full && warp.lanes != 0xffffffffu) {
    fail(std::string(kind) + " at " + place(site) + " in a warp of " + std::to_string(__builtin_popcount(warp.lanes)) +
         " lanes; make the block a multiple of 32 threads");
  }
  if (warp.returned != 0) {
    fail("reached " + std::string(kind) + " at " + place(site) + " after lane " +
         std::to_string(__builtin_ctz(warp.returned)) + " of its warp had returned");
  }
  if (warp.arrived != 0 && (!same(warp.kind, kind) || !same(warp.site, site))) {
    fail("reached " + std::string(kind) + " at " + place(site) + " while other lanes of its warp wait in " + warp.kind +
         " at " + place(warp.site));
  }
  warp.kind = kind;
  warp.site = site;
  warp.arguments[lane] = argument;
  warp.arrived |= 1u << lane;
  warp.ready &= ~(1u << lane);
  if (warp.arrived == warp.lanes) {
    if (perform != nullptr) perform(warp.arguments);
    warp.arrived = 0;
    warp.ready = warp.lanes;
  }
  if (warp.ready == 0) ready_warps_ &= ~(1u << (running_ / 32));
  go_on(false);
}

std::string Machine::where() const {
  if (!active_) return "outside of a kernel";
  return "kernel \"" + std::string(name_) + "\", block " + print(blockIdx) + ", thread " +
         print(threads_[running_].index) + " (EVALRUN_SIM_SEED=" + std::to_string(current_seed) + ")";
}

std::string Machine::stuck() const {
  std::string text = "no thread can go on:";
  std::string last;
  for (int i = 0; i < count_; ++i) {
    const Warp& warp = warps_[i / 32];
    const bool in_collective = warp.arrived >> (i % 32) & 1;
    const std::string wait = in_collective ? warp.kind + (" at " + place(warp.site)) : "__syncthreads() at " + place(barrier_site_);
    if (wait != last) text += " from thread " + print(threads_[i].index) + " on, waiting in " + wait + ";";
    last = wait;
  }
  return text;
}

}  // namespace

uint64_t seed() { return current_seed; }
void set_seed(uint64_t seed) { current_seed = seed; }

void check_launch(const char* name, dim3 grid, dim3 block, int shared_bytes) {
  const auto refuse = [&](const std::string& why) {
    throw Error("kernel \"" + std::string(name) + "\" cannot be launched with grid " + print(grid) + ", block " +
                print(block) + ", " + std::to_string(shared_bytes) + " bytes of shared memory: " + why);
  };
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0) refuse("it is empty");
  if (grid.x > 0x7fffffffu) refuse("grid.x is above 2147483647");
  if (grid.y > 65535 || grid.z > 65535) refuse("grid.y or grid.z is above 65535");
  if (block.z > 64 || uint64_t{block.x} * block.y * block.z > kMostThreads) refuse("the block is above 1024 threads, or 64 in z");
  if (shared_bytes < 0 || shared_bytes > max_shared_bytes()) {
    refuse("compute capability " + std::to_string(compute_capability()) + " has " + std::to_string(max_shared_bytes()));
  }
}

void run_grid(const char* name, dim3 grid, dim3 block, int shared_bytes, const std::function<void()>& body) {
  check_launch(name, grid, block, shared_bytes);
  gridDim = grid;
  blockDim = block;
  machine.run(name, shared_bytes, body);
}

void fail(const std::string& what) { throw Error(machine.where() + ": " + what); }

unsigned char* shared_memory() { return machine.shared().data(); }
bool is_shared(const void* address, int bytes) { return machine.shared().contains(address, bytes); }
void barrier(Site site) { machine.barrier(site); }
void collective(const char* kind, Site site, void* argument, Perform perform, bool full) {
  machine.collective(kind, site, argument, perform, full);
}

void note_wait() { machine.running().waited = true; }
void expect_wait() {
  if (!machine.running().waited) fail("returned without wait_for_last()");
}

void copy_async(void* shared, const void* global, int bytes, bool valid) {
  Thread& thread = machine.running();
  std::memset(shared, 0xff, static_cast<size_t>(bytes));
  shared_copy_asked(shared, bytes);
  thread.copies.push_back({shared, global, bytes, valid, thread.group});
}

void copy_async_commit() { ++machine.running().group; }

void copy_async_wait(int pending) {
  Thread& thread = machine.running();
  size_t kept = 0;
  for (const Copy& copy : thread.copies) {
    if (copy.group >= thread.group - pending) {
      thread.copies[kept++] = copy;
      continue;
    }
    if (copy.valid) {
      std::memcpy(copy.shared, copy.global, static_cast<size_t>(copy.bytes));
    } else {
      std::memset(copy.shared, 0, static_cast<size_t>(copy.bytes));
    }
    shared_copy_arrived(copy.shared, copy.bytes);
  }
  thread.copies.resize(kept);
}

}  // namespace evalrun::cuda::sim

// Runs a kernel's grid on the CPU: each thread of a block is a fiber, and fibers change only where a thread waits for others.
//
// The order is drawn from a seed (EVALRUN_SIM_SEED, 1 unless set): the order of the blocks, and at each wait which thread goes on.
// Sometimes any thread that can, sometimes one warp as far as it gets. A kernel that needs an order it does not enforce gives
// other results with other seeds, or reads poison.
//
// What is found: threads that return or wait elsewhere while others wait for them; lanes of a warp in different collectives;
// writes around the shared memory and around device allocations; whatever depends on uninitialised memory (0xff: NaN).
// What is not: races between two barriers that do not change a result in the orders drawn, bank conflicts, time.
#pragma once
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "cuda/sim/language.h"

namespace evalrun::cuda::sim {

// What went wrong: kernel, block, thread, place in the source, seed.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A place in the source that all threads must agree on.
struct Site {
  const char* file;
  int line;
};

uint64_t seed();
void set_seed(uint64_t seed);

// Throws Error where the grid cannot be launched on the simulated GPU.
void check_launch(const char* name, dim3 grid, dim3 block, int shared_bytes);

// Runs body() for every thread; returns when all have returned. Throws Error.
void run_grid(const char* name, dim3 grid, dim3 block, int shared_bytes, const std::function<void()>& body);

// --- for the running thread ---------------------------------------------------------------------------------------------------

// Throws Error "kernel .., block .., thread ..: <what>".
[[noreturn]] void fail(const std::string& what);

unsigned char* shared_memory();
bool is_shared(const void* address, int bytes);
void barrier(Site site);

// Waits until all lanes of the warp are here, all with the same `kind` and site; then `perform`, which may be null, has been called once with
// the lanes' arguments. `full`: the warp must have 32 lanes.
using Perform = void (*)(void* const (&arguments)[32]);
void collective(const char* kind, Site site, void* argument, Perform perform, bool full);

// The running thread has waited for the kernel before; fails where it has not.
void note_wait();
void expect_wait();

// cp.async of the running thread. The destination is poisoned until the thread waits for its copy.
void copy_async(void* shared, const void* global, int bytes, bool valid);
void copy_async_commit();
void copy_async_wait(int pending);

}  // namespace evalrun::cuda::sim

// Default arguments are the place of the call.
inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  evalrun::cuda::sim::barrier({file, line});
}
inline void __syncwarp(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  evalrun::cuda::sim::collective("__syncwarp", {file, line}, nullptr, nullptr, false);
}

namespace evalrun::cuda {
using sim::shared_memory;
}

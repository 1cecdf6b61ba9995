// kernels/wgmma.cuh on the simulated GPU.
//
// A product is recorded when a warp issues it and computed when the warp waits for its group, from shared memory as it is by then,
// addressed by nothing but the descriptors, or from registers. What is found: sums touched while products run, or before their fence; operands that
// change while they are read; operands of cp.async that have not arrived or were not fenced for the asynchronous proxy; warps of a
// warpgroup that issue different products; products that nobody waits for. What is not: a missing fence behind ordinary stores.
//
// Terms are added one by one in the order of k, in float32. Hardware does not: see warp.h, and e4m3 in fewer bits still.
#pragma once
#include "cuda/sim/warp.h"

namespace evalrun::cuda::sim {

// The address that descriptors hold: shared memory begins at kSharedBase, as a multiple of 1,024 bytes.
constexpr uint32_t kSharedBase = 1024;
uint32_t shared_address(const void* shared);

void fence_proxy_async();
void wgmma_fence(Site site);
struct WgmmaIssue {
  bool e4m3;
  float* d;  // this thread's 4 * across sums
  int across;
  const uint32_t* registers;  // this thread's four of a, or null where a is a descriptor
  uint64_t a, b;
  Major major;  // of b
  bool add;
};
void wgmma(WgmmaIssue issue, Site site);
void wgmma_commit(Site site);
void wgmma_wait(int pending, Site site);

// --- for grid.cpp ---------------------------------------------------------------------------------------------------------------
void wgmma_begin_block(int threads);
// "" or what is left undone.
std::string wgmma_end_block();
// A copy into shared memory by the running thread was asked for, or has arrived.
void shared_copy_asked(const void* shared, int bytes);
void shared_copy_arrived(const void* shared, int bytes);

}  // namespace evalrun::cuda::sim

namespace evalrun::cuda {

inline uint64_t wgmma_descriptor(const void* shared) { return wgmma_descriptor_of(sim::shared_address(shared)); }
inline uint64_t wgmma_descriptor_n(const void* shared) {
  return wgmma_descriptor_of(sim::shared_address(shared), kWgmmaSwizzleBytes);
}
inline void fence_proxy_async() { sim::fence_proxy_async(); }
template <int kAcross>
void wgmma_fence(WgmmaSums<kAcross>&, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  sim::wgmma_fence({file, line});
}
template <int kAcross>
void wgmma_bf16(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  sim::wgmma({false, &d[0][0], kAcross, nullptr, a, b, Major::kK, add}, {file, line});
}
template <int kSteps>
void hold_operands(uint32_t (&)[kSteps][4]) {}
template <Major kMajor>
void wgmma_bf16_registers(WgmmaSums<kAcrossOfRow>& d, const uint32_t (&a)[4], uint64_t b, bool add, const char* file = __builtin_FILE(),
                          int line = __builtin_LINE()) {
  sim::wgmma({false, &d[0][0], kAcrossOfRow, a, 0, b, kMajor, add}, {file, line});
}
template <int kAcross>
void wgmma_e4m3(WgmmaSums<kAcross>& d, uint64_t a, uint64_t b, bool add, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  sim::wgmma({true, &d[0][0], kAcross, nullptr, a, b, Major::kK, add}, {file, line});
}
inline void wgmma_commit(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { sim::wgmma_commit({file, line}); }
template <int kPending, int kAcross>
void wgmma_wait(WgmmaSums<kAcross>&, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  sim::wgmma_wait(kPending, {file, line});
}

}  // namespace evalrun::cuda

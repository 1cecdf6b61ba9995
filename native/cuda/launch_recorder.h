// Replays the launches of decoding steps as CUDA graphs: hundreds of small kernels cost the host more than the GPU one by one.
//
// The host code of every op runs in every step, and its launches are held back with a hash of everything that a graph would freeze:
// kernel, grid, block, shared memory and arguments. When the sequence was seen before, its graph is launched instead. A step is several
// such sequences, so that the GPU computes the first while the host prepares the next. A graph can never be stale: what has changed has
// another hash, and only memory behind unchanged pointers is read anew.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <vector>

#include "cuda/runtime.h"

namespace evalrun::cuda {

// 128 bits that depend on every byte and on the order.
class LaunchHash {
 public:
  void add(const void* data, size_t bytes);
  // Padding between a structure's members holds anything, and would make equal arguments look different. So it may where Clang compiles,
  // which cannot clear it: a step is then recorded again in place of being replayed.
  template <class T>
  void add(T value) {
#if !defined(__clang__)
    __builtin_clear_padding(&value);
#endif
    add(&value, sizeof value);
  }
  bool operator==(const LaunchHash& other) const { return a_ == other.a_ && b_ == other.b_; }

 private:
  uint64_t a_ = 0x9e3779b97f4a7c15ull;
  uint64_t b_ = 0xd6e8feb86659fd93ull;
};

class LaunchRecorder {
 public:
  LaunchRecorder() = default;
  LaunchRecorder(const LaunchRecorder&) = delete;
  LaunchRecorder& operator=(const LaunchRecorder&) = delete;
  ~LaunchRecorder();

  // From here to flush() launches are held back: those of a step.
  void begin();
  // The same behind a flush() in the middle of one.
  void go_on();
  bool recording() const { return recording_; }
  // Whether so much is held back that the GPU should begin with it while the host goes on.
  bool full() const { return launches_.size() >= most_held_; }
  // `launch` gives one kernel to the stream; `what` has hashed what it would freeze.
  void add(const LaunchHash& what, std::function<void()> launch);
  // What the stream is to do before the next launch, and no launch itself.
  void precede(const LaunchHash& what, std::function<void()> work);
  // Gives what is held back to the stream, and holds back no more. Throws CudaError.
  void flush(cudaStream_t stream);
  // Forgets what is held back.
  void drop();

  int64_t replays() const { return replays_; }

 private:
  // Until its first graph is launched the GPU has nothing to do; then it is busy for longer than the host needs for twice as many.
  static constexpr size_t kLaunchesOfFirstGraph = 24, kLaunchesOfGraph = 96;
  struct Graph {
    LaunchHash hash;
    size_t launches = 0;
    cudaGraphExec_t graph = nullptr;  // null until the sequence is seen a second time
  };
  // The graph of the sequence held back, or null where it is new; then it is remembered.
  Graph* find();
  static cudaGraphExec_t capture(cudaStream_t stream, const std::vector<std::function<void()>>& launches);

  bool recording_ = false;
  size_t most_held_ = kLaunchesOfFirstGraph;
  LaunchHash hash_;
  std::vector<std::function<void()>> launches_;
  std::vector<std::function<void()>> before_;  // the next launch
  std::list<Graph> graphs_;  // the one used last in front
  int64_t replays_ = 0;
};

}  // namespace evalrun::cuda

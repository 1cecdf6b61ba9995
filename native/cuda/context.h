// What an op's host code has at hand: the stream, scratch memory on the device, and small arrays staged for a step.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda/kernel_times.h"
#include "cuda/launch_recorder.h"
#include "cuda/operand_cache.h"
#include "cuda/runtime.h"

namespace evalrun::cuda {

struct CudaError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void throw_cuda_error(cudaError_t status, const char* what);

// Throws CudaError "<what>: <CUDA's reason>" unless `status` is cudaSuccess.
inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw_cuda_error(status, what);
}

// What an environment variable says that may be 0 or 1; nothing where it is unset or empty. Throws CudaError where it says something else.
std::optional<bool> switch_of(const char* variable);

// Memory of the current GPU. Throws CudaError "GPU memory for <what>: ..." with what was wanted and what is free.
void* allocate_on_device(int64_t bytes, const std::string& what);

// Rows of device matrices begin at multiples of this many bytes, and the padding is zero.
constexpr int64_t kRowBytes = 128;

inline int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
inline int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

// Device memory that grows by blocks and is handed out from the front; reset() takes all of it back. 256-byte aligned. The simulation
// poisons what is handed out.
class Scratch {
 public:
  Scratch() = default;
  // What is handed out again may still be read by launches that `recorder` holds back.
  explicit Scratch(LaunchRecorder& recorder) : recorder_(&recorder) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  void* take(int64_t bytes, const char* what);
  template <class T>
  T* take(int64_t count, const char* what) {
    return static_cast<T*>(take(count * static_cast<int64_t>(sizeof(T)), what));
  }
  void reset();
  int64_t bytes() const { return bytes_; }

 private:
  struct Block {
    char* data;
    int64_t bytes;
  };
  LaunchRecorder* const recorder_ = nullptr;
  std::vector<Block> blocks_;
  size_t block_ = 0;
  int64_t used_ = 0;  // of blocks_[block_]
  int64_t bytes_ = 0;
};

// Pinned memory through which small host arrays go to the device: a ring of chunks, each reused when the copies from it are done.
// Not for a stream that is being captured: a graph would read its sources again at every launch.
class StageRing {
 public:
  StageRing() = default;
  StageRing(const StageRing&) = delete;
  StageRing& operator=(const StageRing&) = delete;
  ~StageRing();

  // Pinned memory with a copy of the bytes, which the next thing given to `stream` may read.
  const void* put(const void* host, int64_t bytes, cudaStream_t stream, const char* what);

 private:
  struct Chunk {
    char* data = nullptr;
    int64_t bytes = 0;
    cudaEvent_t copied = nullptr;  // recorded when the ring left the chunk
    bool in_flight = false;
  };
  static Chunk make_chunk(int64_t bytes, const char* what);
  static void free_chunk(const Chunk& chunk);
  // Makes chunks_[current_] one with room behind used_.
  void make_room(int64_t bytes, cudaStream_t stream, const char* what);

  std::vector<Chunk> chunks_;
  size_t current_ = 0;
  int64_t used_ = 0;  // of chunks_[current_]
};

// A number on the device by which the blocks of a launch count which of them are done; 0 between launches.
class DoneCounter {
 public:
  explicit DoneCounter(const cudaStream_t& stream) : stream_(stream) {}
  DoneCounter(const DoneCounter&) = delete;
  DoneCounter& operator=(const DoneCounter&) = delete;
  ~DoneCounter();
  int32_t* get();

 private:
  const cudaStream_t& stream_;
  int32_t* data_ = nullptr;
};

// Which products are made by wgmma instead of mma.sync: none, large ones in bf16 (where both give the same bits, so that sizes may
// decide), these and all of FP8 (where they do not), or all of both precisions. More than kNever is compute capability 9.0's alone.
enum class Wgmma { kNever, kLargeBf16, kFp8AndLargeBf16, kAlways };
inline bool fp8_by_wgmma(Wgmma wgmma) { return wgmma >= Wgmma::kFp8AndLargeBf16; }
inline bool large_bf16_by_wgmma(Wgmma wgmma) { return wgmma >= Wgmma::kLargeBf16; }

// Whether bfloat16 attention of prompts is made by wgmma, compute capability 9.0's alone. kIfSame: where that gives the bits of mma.sync on
// this GPU, of which each instance of the kernel is asked once (attend.cu).
enum class WgmmaAttention { kNever, kIfSame, kAlways };
constexpr int kWgmmaAttentions = 3;  // instances

// What attention derives from the spans of a step, once for all layers; see attention_plan.h.
struct AttentionPlan;

struct Context {
  cudaStream_t stream = nullptr;
  int multiprocessors = 1;
  int compute_capability = 90;  // 10 * major + minor
  Wgmma wgmma = Wgmma::kNever;
  WgmmaAttention wgmma_attention = WgmmaAttention::kNever;
  std::array<std::optional<bool>, kWgmmaAttentions> wgmma_attends_alike = {};
  // Whether kernels of decoding steps may be started before the last one has finished (launch.h): compute capability 9.0 and later.
  bool overlap = false;
  // Valid until the step ends.
  Scratch step_memory;
  StageRing ring;
  // Counts steps, from 1.
  int64_t step = 0;
  // Activations that this step has converted. Whoever runs ops tells it what each of them writes: operands.invalidate().
  OperandCache operands;
  // Shared memory that each kernel was allowed to ask for beyond 48 KiB.
  std::unordered_map<const void*, int> large_shared;
  // Where launches go while a decoding step is recorded.
  LaunchRecorder recorder;
  // Valid until the running op returns (to the host: the stream keeps the order). Reset by the caller of each op.
  Scratch scratch{recorder};
  DoneCounter done{stream};
  KernelTimer timer;
  std::shared_ptr<AttentionPlan> attention_plan;
  // Copies `count` values to the device, in stream order; the pointer is valid until the step ends. `host` may be reused at once.
  template <class T>
  const T* stage(const T* host, int64_t count, const char* what) {
    return static_cast<const T*>(stage_bytes(host, count * static_cast<int64_t>(sizeof(T)), what));
  }
  const void* stage_bytes(const void* host, int64_t bytes, const char* what);
};

}  // namespace evalrun::cuda

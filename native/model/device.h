// Where a model computes: memory, copies and one kernel per op. The graph in model/ is written once over this interface; the CPU
// (cpu/cpu_device.h) and the GPU (cuda/cuda_device.h) implement it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/weights.h"
#include "ops/ops.h"

namespace evalrun {

// Every op of the catalogue, with the name that provenance gives it. The composed ones are others in a row, and have the name of one
// of them where that tells all.
#define EVALRUN_COMPOSED_OPS(APPLY)                     \
  APPLY(LinearsOp, "linear")                            \
  APPLY(GatedLinearOp, "gated_linear")                  \
  APPLY(GroupedGatedLinearOp, "grouped_gated_linear")   \
  APPLY(MoeGatedOp, "grouped_gated_linear")             \
  APPLY(MoeLinearOp, "grouped_linear")                  \
  APPLY(RouteBucketOp, "route")                         \
  APPLY(NormRouteOp, "route")                           \
  APPLY(StoreLatentOp, "store_latent")                  \
  APPLY(StoreKeysOp, "store_kv")                        \
  APPLY(AttendLatentOp, "latent_attention")             \
  APPLY(CombineNormOp, "combine_norm")

#define EVALRUN_OPS(APPLY)                      \
  APPLY(EmbedOp, "embed")                       \
  APPLY(RmsNormOp, "rms_norm")                  \
  APPLY(AddNormOp, "add_norm")                  \
  APPLY(LinearOp, "linear")                     \
  APPLY(RopeOp, "rope")                         \
  APPLY(StoreKvOp, "store_kv")                  \
  APPLY(AttentionOp, "attention")               \
  APPLY(LatentAttentionOp, "latent_attention")  \
  APPLY(GatedActOp, "gated_act")                \
  APPLY(RouteOp, "route")                       \
  APPLY(BucketOp, "bucket")                     \
  APPLY(GroupedLinearOp, "grouped_linear")      \
  APPLY(CombineOp, "combine")                   \
  APPLY(TakeRowsOp, "take_rows")                \
  APPLY(LogProbsOp, "log_probs")                \
  APPLY(SampleOp, "sample")

// Bytes that are copied from one place of a device's memory to another.
struct CopyRange {
  const void* from;
  void* to;
  int64_t bytes;
};

class Device {
 public:
  virtual ~Device() = default;

  // Device memory, zeroed on the CPU and undefined on a GPU. `what` names it in the error when there is not enough.
  virtual void* allocate(int64_t bytes, const std::string& what) = 0;
  virtual void release(void* memory, int64_t bytes) = 0;
  // Host to device and device to device, in the order of the ops. The host's memory may be reused when upload returns.
  virtual void upload(void* to, const void* from, int64_t bytes) = 0;
  virtual void copy(void* to, const void* from, int64_t bytes) = 0;
  // One after the other.
  virtual void copy(const std::vector<CopyRange>& ranges) {
    for (const CopyRange& range : ranges) copy(range.to, range.from, range.bytes);
  }

  // A step is what lies between these two. `decoding`: all of its rows continue sequences, so that steps like it will follow. finish() waits for everything begun, after which landed memory is filled; a step may
  // finish more than once.
  virtual void begin_step(bool decoding) = 0;
  virtual void finish() = 0;
  // The device's copy of a small array, valid until the next begin_step(); the host's must live as long.
  virtual const void* stage(const void* host, int64_t bytes) = 0;
  // Device memory for an op to write, whose contents are in `host` after finish(); valid until the next begin_step().
  virtual void* land(void* host, int64_t bytes) = 0;

  // Names what happens from here to pop_range() for whoever watches the device with a profiler. Without one, nothing.
  virtual void push_range(const char* name) {}
  virtual void pop_range() {}

  virtual std::unique_ptr<Weights> open_weights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors) = 0;

  // Runs an op, or begins to, and returns the name of the kernel that does.
#define EVALRUN_DECLARE_RUN(Op, name) virtual const char* run(const Op& op) = 0;
  EVALRUN_OPS(EVALRUN_DECLARE_RUN)
#undef EVALRUN_DECLARE_RUN

  // Ops that are others in a row, where a device has nothing better.
  virtual const char* run(const GatedLinearOp& op) {
    const char* name = run(op.gate);
    run(op.up);
    run(GatedActOp{op.gate.y, op.up.y, op.gate.rows, static_cast<int>(op.gate.weight.rows), op.gate.y});
    return name;
  }
  virtual const char* run(const GroupedGatedLinearOp& op) {
    const char* name = run(op.gate);
    run(op.up);
    run(GatedActOp{op.gate.y, op.up.y, op.gate.slots, static_cast<int>(op.gate.weights[0].rows), op.gate.y});
    return name;
  }
  virtual const char* run(const LinearsOp& op) {
    const char* name = run(op.products[0]);
    for (int i = 1; i < op.count; ++i) run(op.products[i]);
    return name;
  }
  virtual const char* run(const MoeGatedOp& op) {
    const char* name = run(op.routed);
    run(op.shared);
    return name;
  }
  virtual const char* run(const MoeLinearOp& op) {
    const char* name = run(op.routed);
    run(op.shared);
    return name;
  }
  virtual const char* run(const RouteBucketOp& op) {
    const char* name = run(op.route);
    run(op.bucket);
    return name;
  }
  virtual const char* run(const NormRouteOp& op) {
    run(op.norm);
    run(op.router);
    return run(op.routing);
  }
  virtual const char* run(const CombineNormOp& op) {
    const char* name = run(op.combine);
    run(op.norm);
    return name;
  }
  virtual const char* run(const StoreLatentOp& op) {
    const char* name = run(op.norm);
    run(op.rope);
    run(op.store);
    if (op.queries.rows > 0) run(op.queries);
    return name;
  }
  virtual const char* run(const StoreKeysOp& op) {
    run(op.keys);
    const char* name = run(op.store);
    if (op.queries.rows > 0) run(op.queries);
    return name;
  }
  virtual const char* run(const AttendLatentOp& op) {
    run(op.store);
    return run(op.attention);
  }

  template <class T>
  const T* stage(const std::vector<T>& host) {
    return static_cast<const T*>(stage(static_cast<const void*>(host.data()), static_cast<int64_t>(host.size() * sizeof(T))));
  }
  template <class T>
  T* land(std::vector<T>& host) {
    return static_cast<T*>(land(static_cast<void*>(host.data()), static_cast<int64_t>(host.size() * sizeof(T))));
  }
};

// A device's range from here to the end of the scope.
class DeviceRange {
 public:
  DeviceRange(Device& device, const char* name) : device_(device) { device_.push_range(name); }
  ~DeviceRange() { device_.pop_range(); }
  DeviceRange(const DeviceRange&) = delete;
  DeviceRange& operator=(const DeviceRange&) = delete;

 private:
  Device& device_;
};

// Device memory that is released with its owner.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(Device& device, int64_t bytes, const std::string& what)
      : device_(&device), data_(bytes > 0 ? device.allocate(bytes, what) : nullptr), bytes_(bytes > 0 ? bytes : 0) {}
  ~DeviceMemory() {
    if (data_ != nullptr) device_->release(data_, bytes_);
  }
  DeviceMemory(DeviceMemory&& other) noexcept
      : device_(other.device_), data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  Device* device_ = nullptr;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// A workspace of 4-byte values that only grows; its contents do not survive a larger request.
class Workspace {
 public:
  Workspace(Device& device, const char* what) : device_(device), what_(what) {}

  float* floats(int64_t count) { return static_cast<float*>(take(count * 4)); }
  int32_t* ints(int64_t count) { return static_cast<int32_t*>(take(count * 4)); }
  int64_t bytes() const { return memory_.bytes(); }

 private:
  void* take(int64_t bytes) {
    if (bytes > memory_.bytes()) {
      memory_ = DeviceMemory();  // before the larger one, so that both never exist at once
      memory_ = DeviceMemory(device_, bytes, what_);
    }
    return memory_.data();
  }

  Device& device_;
  const char* what_;
  DeviceMemory memory_;
};

}  // namespace evalrun

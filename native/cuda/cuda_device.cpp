// A GPU as a device: one stream, on which everything happens in order.
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cuda/attention_plan.h"
#include "cuda/context.h"
#include "cuda/device_weights.h"
#include "cuda/gpu.h"
#include "cuda/matmul.h"
#include "cuda/nvml.h"
#include "cuda/op_outputs.h"
#include "cuda/ops.h"
#include "cuda/ranges.h"

namespace evalrun::cuda {
namespace {

// Kernels are compiled for 8.0 and for 9.0a; earlier GPUs lack bfloat16 matrix units.
constexpr int kOldest = 80;

// Ops of which a device may make several in a launch.
template <class Op>
constexpr bool kJoins = false;
#define EVALRUN_JOINS(Op) \
  template <>             \
  constexpr bool kJoins<Op> = true;
EVALRUN_JOINS(LinearsOp)
EVALRUN_JOINS(MoeGatedOp)
EVALRUN_JOINS(MoeLinearOp)
EVALRUN_JOINS(RouteBucketOp)
EVALRUN_JOINS(NormRouteOp)
EVALRUN_JOINS(StoreKeysOp)
EVALRUN_JOINS(AttendLatentOp)
#undef EVALRUN_JOINS

class CudaDevice : public Device {
 public:
  CudaDevice(int index, int host_threads, bool short_fp8_sums) : index_(index), host_threads_(host_threads) {
    check(cudaSetDevice(index_), "choosing the GPU");
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, index_), "asking for the GPU's properties");
    ctx_.multiprocessors = properties.multiProcessorCount;
    ctx_.compute_capability = properties.major * 10 + properties.minor;
    ctx_.wgmma = wgmma_asked(ctx_.compute_capability, short_fp8_sums);
    ctx_.wgmma_attention = wgmma_attention_asked(ctx_.compute_capability, ctx_.wgmma);
    // Later GPUs run the code for 8.0, whose kernels do not wait.
    ctx_.overlap = switch_of("EVALRUN_CUDA_OVERLAP").value_or(true) && ctx_.compute_capability == 90;
    joins_ = switch_of("EVALRUN_CUDA_JOIN").value_or(true);
    check(cudaStreamCreateWithFlags(&ctx_.stream, cudaStreamNonBlocking), "making a stream");
  }
  ~CudaDevice() override {
    cudaSetDevice(index_);
    cudaStreamSynchronize(ctx_.stream);
    cudaStreamDestroy(ctx_.stream);
  }

  void* allocate(int64_t bytes, const std::string& what) override {
    activate();
    return allocate_on_device(bytes, what);
  }
  void release(void* memory, int64_t) override {
    activate();
    // Launches that are held back may use it: they go to the stream, and the rest of the step is recorded anew.
    const bool held = ctx_.recorder.recording();
    if (held) ctx_.recorder.flush(ctx_.stream);
    cudaFree(memory);  // waits for what still reads it
    if (held) ctx_.recorder.go_on();
  }
  void upload(void* to, const void* from, int64_t bytes) override {
    activate();
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, ctx_.stream), "uploading");
    check(cudaStreamSynchronize(ctx_.stream), "uploading");
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    activate();
    ctx_.operands.invalidate(to, bytes);
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, ctx_.stream), "copying on the GPU");
  }

  void copy(const std::vector<CopyRange>& ranges) override {
    activate();
    for (const CopyRange& range : ranges) ctx_.operands.invalidate(range.to, range.bytes);
    if (!copy_ranges(ctx_, ranges)) Device::copy(ranges);
  }

  void begin_step(bool decoding) override {
    activate();
    landings_.clear();
    ctx_.recorder.drop();
    check(cudaStreamSynchronize(ctx_.stream), "the step before");  // it may have failed half-way
    ctx_.step_memory.reset();
    ++ctx_.step;
    decoding_ = decoding && !ctx_.timer.on;
    if (decoding_) ctx_.recorder.begin();
  }
  void finish() override {
    activate();
    const NvtxRange range("wait for the GPU");
    ctx_.recorder.flush(ctx_.stream);
    for (const Landing& landing : landings_) {
      check(cudaMemcpyAsync(landing.host, landing.device, static_cast<size_t>(landing.bytes), cudaMemcpyDeviceToHost, ctx_.stream),
            "fetching results");
    }
    check(cudaStreamSynchronize(ctx_.stream), "computing the step");
    if (ctx_.timer.on) ctx_.timer.collect();
    landings_.clear();
    if (decoding_) ctx_.recorder.begin();  // a step may go on after it has finished once
  }
  const void* stage(const void* host, int64_t bytes) override {
    activate();
    return bytes == 0 ? nullptr : ctx_.stage_bytes(host, bytes, "a step's arrays");
  }
  void* land(void* host, int64_t bytes) override {
    activate();
    if (bytes == 0) return nullptr;
    void* device = ctx_.step_memory.take(bytes, "a step's results");
    landings_.push_back({host, device, bytes});
    return device;
  }

  void push_range(const char* name) override { cuda::push_range(name); }
  void pop_range() override { cuda::pop_range(); }

  std::unique_ptr<Weights> open_weights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors) override {
    return open_device_weights(*this, ctx_, files, std::move(tensors), host_threads_);
  }

  KernelTimer& timer() { return ctx_.timer; }

  using Device::run;
#define EVALRUN_RUN(Op, name) \
  const char* run(const Op& op) override { return run_on_stream(op, name); }
  EVALRUN_OPS(EVALRUN_RUN)
#undef EVALRUN_RUN
#define EVALRUN_RUN(Op, name) \
  const char* run(const Op& op) override { return run_composed(op, name); }
  EVALRUN_COMPOSED_OPS(EVALRUN_RUN)
#undef EVALRUN_RUN

 private:
  struct Landing {
    void* host;
    const void* device;
    int64_t bytes;
  };

  // The current device is a thread's own, and steps come from any thread of a pool.
  void activate() { check(cudaSetDevice(index_), "choosing the GPU"); }

  template <class Op>
  const char* run_on_stream(const Op& op, const char* name) {
    activate();
    const NvtxRange range(name);
    ctx_.scratch.reset();
    // Before, because an op may convert what it writes.
    for (const Range& range : outputs_of(op)) ctx_.operands.invalidate(range.begin, range.bytes);
    return cuda::run(ctx_, op);
  }

  template <class Op>
  const char* run_composed(const Op& op, const char* name) {
    activate();
    const NvtxRange range(name);
    ctx_.scratch.reset();
    const char* kernel = kJoins<Op> && !joins_ ? nullptr : run_fused(ctx_, op);
    return kernel != nullptr ? kernel : Device::run(op);
  }

  const int index_;
  const int host_threads_;
  Context ctx_;
  bool decoding_ = false;
  bool joins_ = true;
  std::vector<Landing> landings_;
};

// From NVML where it answers: CUDA would start on every GPU of the machine to tell, and take half a gigabyte of each. Of a part of
// a GPU (MIG) NVML tells the whole GPU's memory, which is then not CUDA's total.
void find_free_memory(GpuInfo& gpu) {
  char bus_id[32] = "";
  if (cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, gpu.index) == cudaSuccess) gpu.bus_id = bus_id;
  try {
    const GpuSample sample = nvml().sample(gpu.bus_id);
    gpu.free_bytes = sample.memory_free_bytes.value_or(0);
    const int64_t total = gpu.free_bytes + sample.memory_used_bytes.value_or(0);
    if (gpu.free_bytes > 0 && std::abs(total - gpu.total_bytes) < gpu.total_bytes / 20) return;
  } catch (const std::runtime_error&) {
    // No NVML: CUDA is asked.
  }
  size_t free = 0, total = 0;
  const cudaError_t status = cudaSetDevice(gpu.index) == cudaSuccess ? cudaMemGetInfo(&free, &total) : cudaGetLastError();
  if (status != cudaSuccess) gpu.reason = cudaGetErrorString(status);
  gpu.free_bytes = static_cast<int64_t>(free);
}

GpuInfo describe(int index) {
  GpuInfo gpu;
  gpu.index = index;
  cudaDeviceProp properties;
  const cudaError_t status = cudaGetDeviceProperties(&properties, index);
  if (status != cudaSuccess) {
    gpu.reason = cudaGetErrorString(status);
    return gpu;
  }
  gpu.name = properties.name;
  gpu.compute_capability = properties.major * 10 + properties.minor;
  gpu.multiprocessors = properties.multiProcessorCount;
  gpu.total_bytes = static_cast<int64_t>(properties.totalGlobalMem);
  if (gpu.compute_capability < kOldest) {
    gpu.reason = "compute capability " + std::to_string(properties.major) + "." + std::to_string(properties.minor) +
                 ", and the kernels need 8.0";
    return gpu;
  }
  find_free_memory(gpu);
  return gpu;
}

}  // namespace

GpuList list_gpus() {
  GpuList list;
  list.compiled = true;
  cudaRuntimeGetVersion(&list.runtime_version);
  cudaDriverGetVersion(&list.driver_version);
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    cudaGetLastError();
    list.reason = list.driver_version == 0 ? "no NVIDIA driver is installed" : cudaGetErrorString(status);
    return list;
  }
  for (int index = 0; index < count; ++index) list.gpus.push_back(describe(index));
  if (list.gpus.empty()) list.reason = "the NVIDIA driver finds no GPU";
  bool usable = false;
  for (const GpuInfo& gpu : list.gpus) usable = usable || gpu.reason.empty();
  if (!list.gpus.empty() && !usable) list.reason = list.gpus[0].name + ": " + list.gpus[0].reason;
  return list;
}

void split_decoding(int pages) { split_pages_instead = pages; }

void time_kernels(Device& device, bool on) {
  if (auto* cuda = dynamic_cast<CudaDevice*>(&device)) cuda->timer().on = on;
}

std::vector<KernelTime> take_kernel_times(Device& device) {
  auto* cuda = dynamic_cast<CudaDevice*>(&device);
  return cuda == nullptr ? std::vector<KernelTime>() : cuda->timer().take();
}

std::shared_ptr<Device> create_cuda_device(int index, int host_threads, bool short_fp8_sums) {
  const GpuList list = list_gpus();
  if (index < 0 || index >= static_cast<int>(list.gpus.size())) {
    throw CudaError(list.gpus.empty() ? list.reason
                                      : "there is no GPU " + std::to_string(index) + "; this machine has " +
                                            std::to_string(list.gpus.size()));
  }
  const GpuInfo& gpu = list.gpus[index];
  if (!gpu.reason.empty()) throw CudaError(gpu.name + ": " + gpu.reason);
  return std::make_shared<CudaDevice>(index, host_threads, short_fp8_sums);
}

}  // namespace evalrun::cuda

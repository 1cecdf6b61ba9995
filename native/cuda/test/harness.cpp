#include "cuda/test/harness.h"

#include <algorithm>
#include <cstring>
#include <utility>

#if defined(EVALRUN_CUDA_SIM)
#include "cuda/sim/memory.h"
#endif

namespace evalrun::cuda::test {
namespace {

// Around each array on a GPU; the simulation has such zones of its own and looks at them after every kernel.
#if defined(EVALRUN_CUDA_SIM)
constexpr int64_t kZone = 0;
#else
constexpr int64_t kZone = 1024;
#endif

Context* make_context() {
  Context* context = new Context;
  cudaDeviceProp properties;
  check(cudaSetDevice(0), "choosing the device");
  check(cudaGetDeviceProperties(&properties, 0), "asking for the device's properties");
  check(cudaStreamCreate(&context->stream), "making a stream");
  context->multiprocessors = properties.multiProcessorCount;
  context->compute_capability = 10 * properties.major + properties.minor;
  return context;
}

}  // namespace

// Lives to the end of the process: the driver may be gone when static objects are destroyed.
Context& context() {
  static Context* context = make_context();
  return *context;
}

DeviceBytes::DeviceBytes(int64_t bytes) : bytes_(bytes) {
  const size_t size = static_cast<size_t>(std::max<int64_t>(bytes + 2 * kZone, 1));
  void* allocation = nullptr;
  cuda::check(cudaMalloc(&allocation, size), "allocating an array for a test");
  cuda::check(cudaMemset(allocation, 0xff, size), "filling an array for a test");
  allocation_ = static_cast<char*>(allocation);
  data_ = allocation_ + kZone;
}

DeviceBytes::DeviceBytes(const void* host, int64_t bytes) : DeviceBytes(bytes) {
  if (bytes > 0) cuda::check(cudaMemcpy(data_, host, static_cast<size_t>(bytes), cudaMemcpyHostToDevice), "copying a test's input");
}

DeviceBytes::DeviceBytes(DeviceBytes&& other) noexcept
    : allocation_(std::exchange(other.allocation_, nullptr)), data_(other.data_), bytes_(other.bytes_) {}

DeviceBytes::~DeviceBytes() { cudaFree(allocation_); }

void DeviceBytes::read(void* host) const {
  if (bytes_ > 0) cuda::check(cudaMemcpy(host, data_, static_cast<size_t>(bytes_), cudaMemcpyDeviceToHost), "reading a test's output");
}

void DeviceBytes::check(const std::string& what) const {
#if defined(EVALRUN_CUDA_SIM)
  const std::string written = sim::written_outside_allocations();
  expect(written.empty(), what + ": " + written);
#endif
  std::vector<unsigned char> zone(kZone);
  for (const char* start : {allocation_, data_ + bytes_}) {
    if (kZone > 0) cuda::check(cudaMemcpy(zone.data(), start, zone.size(), cudaMemcpyDeviceToHost), "reading around an array");
    for (const unsigned char byte : zone) expect(byte == 0xff, what + ": wrote outside its output");
  }
}

DeviceWeightCopy::DeviceWeightCopy(const std::vector<Weight>& host) {
  const Weight& first = host.front();
  const int64_t element = element_size(first.dtype);
  const int64_t row_bytes = round_up(first.columns * element, kRowBytes);
  const int64_t scale_bytes =
      first.scale == nullptr ? 0 : ceil_div(first.rows, kQuantBlock) * ceil_div(first.columns, kQuantBlock) * 4;
  // One poisoned row behind each weight, and no more than the alignment that experts have.
  const int64_t spacing = (first.rows + 1) * row_bytes, scale_spacing = scale_bytes + 4;
  const int64_t count = static_cast<int64_t>(host.size());
  std::vector<char> data(static_cast<size_t>(count * spacing), '\xff'), scales(static_cast<size_t>(count * scale_spacing), '\xff');
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t row = 0; row < first.rows; ++row) {
      char* to = data.data() + i * spacing + row * row_bytes;
      std::memset(to, 0, static_cast<size_t>(row_bytes));
      std::memcpy(to, static_cast<const char*>(host[i].data) + row * host[i].row_stride() * element,
                  static_cast<size_t>(first.columns * element));
    }
    if (scale_bytes > 0) std::memcpy(scales.data() + i * scale_spacing, host[i].scale, static_cast<size_t>(scale_bytes));
  }
  memory_.emplace_back(data.data(), count * spacing);
  memory_.emplace_back(scales.data(), count * scale_spacing);
  for (int64_t i = 0; i < count; ++i) {
    Weight weight = host[i];
    weight.data = static_cast<char*>(memory_[0].data()) + i * spacing;
    weight.scale = scale_bytes == 0 ? nullptr : reinterpret_cast<const float*>(static_cast<char*>(memory_[1].data()) + i * scale_spacing);
    weight.packed = nullptr;
    weight.stride = row_bytes / element;
    weights_.push_back(weight);
  }
}

void begin_step() {
  Context& ctx = context();
  ++ctx.step;
  ctx.step_memory.reset();
  ctx.scratch.reset();
}

void finish_step() {
  check(cudaStreamSynchronize(context().stream), "running an op");
  check(cudaGetLastError(), "running an op");
}

}  // namespace evalrun::cuda::test

// What a device can do at most, measured beside the model: arithmetic in registers and reading memory (by the loops that evalrun bench
// compares with), copying its memory, and one product of large bfloat16 matrices.
#include <algorithm>
#include <filesystem>
#include <functional>

#include "check/commands.h"
#include "check/random_file.h"
#include "check/shape_model.h"
#include "cpu/limits.h"
#include "cuda/gpu.h"
#include "ops/ops.h"

namespace evalrun::check {
namespace {

// Warm-up, then medians.
Spread timed(Device& device, int repeats, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats + 3; ++i) {
    device.begin_step(false);
    const double begin = now();
    work();
    device.finish();
    if (i >= 3) seconds.push_back(now() - begin);
  }
  return spread_of(seconds);
}

void measure_copy(Device& device, const Options& options, Records& records) {
  const int64_t bytes = static_cast<int64_t>(options.integer("--copy-mib", 4096)) << 20;
  const DeviceMemory from(device, bytes, "what is copied"), to(device, bytes, "a copy");
  // Not zeros: they are cheaper to move.
  std::vector<uint32_t> block(1 << 20);
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<uint32_t>(i * 2654435761u);
  const int64_t piece = static_cast<int64_t>(block.size()) * 4;
  for (int64_t at = 0; at < bytes; at += piece) device.upload(static_cast<char*>(from.data()) + at, block.data(), std::min(piece, bytes - at));
  const Spread seconds = timed(device, options.integer("--repeats", 10), [&] { device.copy(to.data(), from.data(), bytes); });
  const double moved = 2e-9 * bytes;  // read and written
  records.push_back(Record()
                        .add("limit", "copy, GB/s")
                        .add("size", static_cast<int64_t>(bytes))
                        .add("median", moved / seconds.median)
                        .add("at least", moved / seconds.most)
                        .add("at most", moved / seconds.least));
}

// Our own product, with the rounding of its operand that every product of the graph has.
void measure_product(Device& device, const Options& options, Records& records) {
  const int size = options.integer("--product", 8192);
  Plan plan;
  plan.name = "product";
  plan.files.push_back({"", static_cast<int64_t>(size) * size * 2});
  plan.random.push_back({0, DType::kBF16, 0, 1});
  const RandomFiles files(plan, options.text("--scratch", std::filesystem::temp_directory_path().string()), threads_of(options));
  TensorRef tensor;
  tensor.name = "weight";
  tensor.dtype = DType::kBF16;
  tensor.shape = {size, size};
  const std::unique_ptr<Weights> weights = device.open_weights(plan.files, {tensor});
  const int64_t elements = static_cast<int64_t>(size) * size;
  const DeviceMemory x(device, elements * 4, "the product's operand"), y(device, elements * 4, "a product");
  std::vector<float> row(size);
  for (int r = 0; r < size; ++r) {
    for (int c = 0; c < size; ++c) row[c] = static_cast<float>((r * int64_t{48271} + c * int64_t{69621}) % 2003) / 1001 - 1;
    device.upload(static_cast<float*>(x.data()) + static_cast<int64_t>(r) * size, row.data(), size * 4);
  }
  const Weight weight = weights->matrix("weight", Precision::kBF16);
  const char* kernel = "";
  const Spread seconds = timed(device, options.integer("--repeats", 10), [&] {
    kernel = device.run(LinearOp{static_cast<const float*>(x.data()), size, weight, nullptr, Precision::kBF16, size, static_cast<float*>(y.data()), size});
  });
  const double operations = 2e-12 * size * size * size;
  records.push_back(Record()
                        .add("limit", std::string("bf16 product, TFLOP/s, kernel ") + kernel)
                        .add("size", size)
                        .add("median", operations / seconds.median)
                        .add("at least", operations / seconds.most)
                        .add("at most", operations / seconds.least));
}

void add_limit(Records& records, const char* name, double rate) {
  if (rate > 0) records.push_back(Record().add("limit", name).add("at most", rate));
}

// The best of a few tries.
void measure_loops(const Options& options, Records& records) {
  const int gpu = gpu_of(options);
  if (gpu >= 0) {
    const cuda::GpuLimits limits = cuda::measure_gpu_limits(gpu);
    add_limit(records, "f32 multiply-add, TFLOP/s", limits.f32_flops * 1e-12);
    add_limit(records, "bf16 mma.sync, TFLOP/s", limits.bf16_flops * 1e-12);
    add_limit(records, "read, GB/s", limits.read_bytes * 1e-9);
    add_limit(records, "pinned memory to the GPU, GB/s", cuda::measure_upload(gpu) * 1e-9);
  } else {
    const MachineLimits limits = evalrun::measure_limits(threads_of(options));
    add_limit(records, "f32 multiply-add, TFLOP/s", limits.f32_flops * 1e-12);
    add_limit(records, "bf16 multiply-add, TFLOP/s", limits.bf16_flops * 1e-12);
    add_limit(records, "read, GB/s", limits.read_bytes * 1e-9);
  }
}

}  // namespace

bool measure_limits(const Options& options, Records& records) {
  const std::shared_ptr<Device> device = open_device(options);
  measure_loops(options, records);
  measure_copy(*device, options, records);
  measure_product(*device, options, records);
  return true;
}

}  // namespace evalrun::check

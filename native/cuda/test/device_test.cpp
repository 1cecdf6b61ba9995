// The GPU as a Device: what a step's order and its memory owe each other.
#include <cmath>

#include "cuda/gpu.h"
#include "cuda/test/harness.h"

namespace evalrun::cuda::test {
namespace {

// x += delta is held back in a decoding step; delta is released and its memory taken again before the step ends, as a workspace does
// that grows. The addition must still have read what delta was.
std::string releases_memory_that_held_back_launches_read() {
  constexpr int kRows = 8, kColumns = 64;
  constexpr int64_t kBytes = int64_t{kRows} * kColumns * 4;
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  std::vector<float> ones(kRows * kColumns, 1.0f), values(ones), spoiled(ones.size(), 100.0f);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97);
  std::vector<int32_t> rows(kRows);
  for (int i = 0; i < kRows; ++i) rows[i] = i;
  for (int repeat = 0; repeat < 3; ++repeat) {  // launched one by one, captured as a graph, launched as one
    const DeviceMemory x(*device, kBytes, "x");
    auto delta = std::make_unique<DeviceMemory>(*device, kBytes, "delta");
    std::vector<float> result(ones.size());
    device->begin_step(true);
    device->upload(x.data(), ones.data(), kBytes);
    device->upload(delta->data(), values.data(), kBytes);
    auto* sum = static_cast<float*>(x.data());
    device->run(AddNormOp{sum, static_cast<const float*>(delta->data()), Weight{}, 0, false, kRows, kColumns, nullptr});
    delta.reset();
    const DeviceMemory other(*device, kBytes, "what takes its place");
    device->upload(other.data(), spoiled.data(), kBytes);
    device->run(TakeRowsOp{sum, kColumns, device->stage(rows), kRows, device->land(result)});
    device->finish();
    for (size_t i = 0; i < result.size(); ++i) {
      expect(result[i] == 1 + values[i], evalrun::test::print("value %zu is %g, not %g", i, result[i], 1 + values[i]));
    }
  }
  return "launched one by one and as a graph";
}

// An allocation that fails says what it was for, and nothing of it is left for the next op to fail by.
std::string names_what_does_not_fit() {
  const std::shared_ptr<Device> device = create_cuda_device(0, 1);
  std::string message;
  try {
    device->allocate(int64_t{1} << 50, "a test's petabyte");
  } catch (const std::exception& error) {
    message = error.what();
  }
  expect(message.rfind("GPU memory for a test's petabyte: 1073741824.0 MiB wanted, ", 0) == 0, "the message is: " + message);
  Scratch scratch;
  message.clear();
  try {
    scratch.take(int64_t{1} << 50, "a test's scratch");
  } catch (const std::exception& error) {
    message = error.what();
  }
  expect(message.rfind("GPU memory for a test's scratch: ", 0) == 0, "the message is: " + message);
  expect(cudaGetLastError() == cudaSuccess, "the failure is still there for the next launch to find");
  return message;
}

std::string measures_limits() {
  const GpuLimits limits = measure_gpu_limits(0);
  expect(limits.f32_flops > 0 && limits.bf16_flops > 0 && limits.read_bytes > 0, "a limit is nothing");
  expect(std::isfinite(limits.f32_flops) && std::isfinite(limits.bf16_flops) && std::isfinite(limits.read_bytes), "a limit is infinite");
  return evalrun::test::print("%.3g f32 and %.3g bf16 operations, %.3g bytes a second", limits.f32_flops, limits.bf16_flops,
                              limits.read_bytes);
}

const evalrun::test::Suite kSuite([] {
  add("cuda device: memory released in a decoding step is read before it goes", releases_memory_that_held_back_launches_read);
  add("cuda device: an allocation that fails names what it was for", names_what_does_not_fit);
  add("cuda device: limits are measured", measures_limits);
});

}  // namespace
}  // namespace evalrun::cuda::test

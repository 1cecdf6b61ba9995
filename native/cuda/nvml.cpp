#include "cuda/nvml.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace evalrun::cuda {
namespace {

using Result = int;  // nvmlReturn_t; 0 is success
using Handle = void*;
struct Memory {
  unsigned long long total, free, used;
};
struct Utilization {
  unsigned int gpu, memory;
};
constexpr int kClockSm = 1, kClockMemory = 2;
constexpr int kTemperatureGpu = 0;

template <class Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

std::string describe(void* library, Result result) {
  auto* text = find<const char*(Result)>(library, "nvmlErrorString");
  return text != nullptr ? text(result) : "error " + std::to_string(result);
}

// The value of a counter that is one unsigned number; absent where the library has no such function or the GPU no such counter.
template <class T, class... Arguments>
std::optional<int64_t> counter(void* library, const char* name, Handle gpu, Arguments... arguments) {
  auto* function = find<Result(Handle, Arguments..., T*)>(library, name);
  T value = 0;
  if (function == nullptr || function(gpu, arguments..., &value) != 0) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace

Nvml::Nvml(const std::string& library) : library_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) {
    const char* reason = dlerror();
    throw std::runtime_error("NVML does not load: " + std::string(reason != nullptr ? reason : library));
  }
  auto* start = find<Result()>(library_, "nvmlInit_v2");
  std::string reason = "it has no nvmlInit_v2";
  if (start != nullptr) {
    const Result result = start();
    if (result == 0) return;
    reason = describe(library_, result);
  }
  dlclose(library_);
  throw std::runtime_error("NVML does not start: " + reason);
}

Nvml::~Nvml() {
  if (auto* stop = find<Result()>(library_, "nvmlShutdown")) stop();
  dlclose(library_);
}

GpuSample Nvml::sample(const std::string& bus_id) const {
  auto* handle_of = find<Result(const char*, Handle*)>(library_, "nvmlDeviceGetHandleByPciBusId_v2");
  if (handle_of == nullptr) throw std::runtime_error("NVML has no nvmlDeviceGetHandleByPciBusId_v2");
  Handle gpu = nullptr;
  if (const Result result = handle_of(bus_id.c_str(), &gpu); result != 0) {
    throw std::runtime_error("NVML knows no GPU at " + bus_id + ": " + describe(library_, result));
  }
  GpuSample sample;
  Memory memory{};
  auto* memory_of = find<Result(Handle, Memory*)>(library_, "nvmlDeviceGetMemoryInfo");
  if (memory_of != nullptr && memory_of(gpu, &memory) == 0) {
    sample.memory_used_bytes = static_cast<int64_t>(memory.used);
    sample.memory_free_bytes = static_cast<int64_t>(memory.free);
  }
  Utilization busy{};
  auto* busy_of = find<Result(Handle, Utilization*)>(library_, "nvmlDeviceGetUtilizationRates");
  if (busy_of != nullptr && busy_of(gpu, &busy) == 0) {
    sample.busy_percent = busy.gpu;
    sample.memory_busy_percent = busy.memory;
  }
  sample.power_milliwatts = counter<unsigned int>(library_, "nvmlDeviceGetPowerUsage", gpu);
  sample.energy_millijoules = counter<unsigned long long>(library_, "nvmlDeviceGetTotalEnergyConsumption", gpu);
  sample.sm_clock_mhz = counter<unsigned int>(library_, "nvmlDeviceGetClockInfo", gpu, kClockSm);
  sample.memory_clock_mhz = counter<unsigned int>(library_, "nvmlDeviceGetClockInfo", gpu, kClockMemory);
  sample.temperature_celsius = counter<unsigned int>(library_, "nvmlDeviceGetTemperature", gpu, kTemperatureGpu);
  sample.throttle_reasons = counter<unsigned long long>(library_, "nvmlDeviceGetCurrentClocksEventReasons", gpu);
  if (!sample.throttle_reasons) {  // its name before driver 535
    sample.throttle_reasons = counter<unsigned long long>(library_, "nvmlDeviceGetCurrentClocksThrottleReasons", gpu);
  }
  return sample;
}

const Nvml& nvml() {
  static const auto opened = []() -> std::pair<const Nvml*, std::string> {
    const char* named = std::getenv("EVALRUN_NVML");
    try {
      // Never closed: a sample may be asked for until the process ends.
      return {new Nvml(named != nullptr ? named : "libnvidia-ml.so.1"), ""};
    } catch (const std::runtime_error& error) {
      return {nullptr, error.what()};
    }
  }();
  if (opened.first == nullptr) throw std::runtime_error(opened.second);
  return *opened.first;
}

}  // namespace evalrun::cuda

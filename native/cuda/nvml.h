// A GPU's counters (memory, power, energy, clocks, temperature) from NVML, the driver's library, opened at run time: neither CUDA
// nor NVML's header is needed to build this. Declarations after the NVML API reference, "Device Queries".
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace evalrun::cuda {

// One moment of one GPU. A counter that this GPU or driver does not have is absent.
struct GpuSample {
  std::optional<int64_t> memory_used_bytes, memory_free_bytes;  // whoever uses it
  std::optional<int64_t> power_milliwatts;
  std::optional<int64_t> energy_millijoules;  // since the driver was loaded
  std::optional<int64_t> sm_clock_mhz, memory_clock_mhz;
  std::optional<int64_t> temperature_celsius;
  std::optional<int64_t> busy_percent;         // of the driver's last sampling period (up to a second), a kernel was running
  std::optional<int64_t> memory_busy_percent;  // likewise, memory was read or written
  std::optional<int64_t> throttle_reasons;     // bits of nvmlClocksEventReasons
};

class Nvml {
 public:
  // Throws std::runtime_error with the reason: no such library, or it refuses to start.
  explicit Nvml(const std::string& library);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  // `bus_id` as cudaDeviceGetPCIBusId gives it, "0000:3b:00.0": CUDA's numbers of GPUs are not NVML's. Throws std::runtime_error
  // where there is no such GPU.
  GpuSample sample(const std::string& bus_id) const;

 private:
  void* library_;
};

// The one of this process: libnvidia-ml.so.1, or the file that EVALRUN_NVML names. Opened at the first call; throws as Nvml does,
// the same reason each time.
const Nvml& nvml();

}  // namespace evalrun::cuda

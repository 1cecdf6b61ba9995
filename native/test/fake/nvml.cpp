// A libnvidia-ml.so with one GPU at 0000:3b:00.0, for tests on machines without a driver. It has no memory clock, as some GPUs
// have none, and only the older name of the throttle reasons. EVALRUN_FAKE_NVML_BROKEN makes it refuse to start.
#include <cstdlib>
#include <cstring>

namespace {
constexpr int kSuccess = 0, kNotSupported = 3, kNotFound = 6, kDriverNotLoaded = 9;
int gpu;
unsigned long long energy = 1000;
}  // namespace

extern "C" {
int nvmlInit_v2() { return std::getenv("EVALRUN_FAKE_NVML_BROKEN") != nullptr ? kDriverNotLoaded : kSuccess; }
int nvmlShutdown() { return kSuccess; }
const char* nvmlErrorString(int result) { return result == kDriverNotLoaded ? "Driver Not Loaded" : "Not Found"; }
int nvmlDeviceGetHandleByPciBusId_v2(const char* bus_id, void** device) {
  if (std::strcmp(bus_id, "0000:3b:00.0") != 0) return kNotFound;
  *device = &gpu;
  return kSuccess;
}
int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
  if (device != &gpu) return kNotFound;
  total_free_used[0] = 150ull << 30;
  total_free_used[1] = 110ull << 30;
  total_free_used[2] = 40ull << 30;
  return kSuccess;
}
int nvmlDeviceGetUtilizationRates(void*, unsigned* gpu_memory) {
  gpu_memory[0] = 97;
  gpu_memory[1] = 45;
  return kSuccess;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 650500;
  return kSuccess;
}
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* millijoules) {
  *millijoules = energy += 5'000'000'000;  // beyond 32 bits
  return kSuccess;
}
int nvmlDeviceGetClockInfo(void*, int type, unsigned* megahertz) {
  *megahertz = 1980;
  return type == 1 ? kSuccess : kNotSupported;
}
int nvmlDeviceGetTemperature(void*, int sensor, unsigned* celsius) {
  *celsius = 61;
  return sensor == 0 ? kSuccess : kNotSupported;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = 0x4;
  return kSuccess;
}
}

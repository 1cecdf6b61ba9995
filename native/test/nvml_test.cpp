// Counters of a GPU, read from a library that plays NVML (fake/nvml.cpp).
#include "cuda/nvml.h"

#include <cstdlib>
#include <stdexcept>

#include "test/test_data.h"
#include "test/test_runner.h"

namespace evalrun::test {
namespace {

template <class Call>
std::string reason_of(Call call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  throw Failure("nothing was thrown");
}

const Suite suite([] {
  add("nvml: every counter comes from its own function, and what a GPU lacks is absent", [] {
    const cuda::Nvml nvml(EVALRUN_FAKE_NVML);
    const cuda::GpuSample sample = nvml.sample("0000:3b:00.0");
    expect(sample.memory_used_bytes == 40ll << 30, "memory used");
    expect(sample.memory_free_bytes == 110ll << 30, "memory free");
    expect(sample.power_milliwatts == 650500, "power");
    expect(sample.sm_clock_mhz == 1980, "SM clock");
    expect(!sample.memory_clock_mhz.has_value(), "a memory clock that is not supported");
    expect(sample.temperature_celsius == 61, "temperature");
    expect(sample.busy_percent == 97 && sample.memory_busy_percent == 45, "utilisation");
    expect(sample.throttle_reasons == 4, "throttle reasons by their older name");
    const int64_t before = *sample.energy_millijoules;
    expect(before > 1ll << 32, "energy of more than 32 bits");
    expect(*nvml.sample("0000:3b:00.0").energy_millijoules - before == 5'000'000'000, "energy between two samples");
    return std::string("9 counters");
  });

  add("nvml: no library, no driver and no such GPU each have their reason", [] {
    const std::string missing = reason_of([] { cuda::Nvml("libno-such-nvml.so"); });
    expect(missing.find("libno-such-nvml.so") != std::string::npos, "the library's name in: " + missing);
    const cuda::Nvml nvml(EVALRUN_FAKE_NVML);
    const std::string unknown = reason_of([&] { nvml.sample("0000:99:00.0"); });
    expect(unknown == "NVML knows no GPU at 0000:99:00.0: Not Found", unknown);
    setenv("EVALRUN_FAKE_NVML_BROKEN", "1", 1);
    const std::string broken = reason_of([] { cuda::Nvml{EVALRUN_FAKE_NVML}; });
    unsetenv("EVALRUN_FAKE_NVML_BROKEN");
    expect(broken == "NVML does not start: Driver Not Loaded", broken);
    return std::string("3 reasons");
  });
});

}  // namespace
}  // namespace evalrun::test

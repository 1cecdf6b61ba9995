#include "binding/machine.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "binding/task.h"
#include "cpu/features.h"
#include "cpu/limits.h"
#include "cuda/gpu.h"
#include "cuda/nvml.h"

namespace evalrun {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

Napi::Object limits_object(Napi::Env env, double f32_flops, double bf16_flops, double read_bytes) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("f32Flops", f32_flops);
  object.Set("bf16Flops", bf16_flops);
  object.Set("readBytes", read_bytes);
  return object;
}

Napi::Object to_object(Napi::Env env, const cuda::GpuInfo& gpu) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("index", gpu.index);
  object.Set("name", gpu.name);
  object.Set("busId", gpu.bus_id);
  object.Set("computeCapability", gpu.compute_capability);
  object.Set("multiprocessors", gpu.multiprocessors);
  object.Set("totalBytes", static_cast<double>(gpu.total_bytes));
  object.Set("freeBytes", static_cast<double>(gpu.free_bytes));
  object.Set("reason", gpu.reason);
  return object;
}

Napi::Object to_object(Napi::Env env, const cuda::GpuList& list) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("compiled", list.compiled);
  object.Set("reason", list.reason);
  object.Set("runtimeVersion", list.runtime_version);
  object.Set("driverVersion", list.driver_version);
  Napi::Array array = Napi::Array::New(env, list.gpus.size());
  for (size_t i = 0; i < list.gpus.size(); ++i) array.Set(static_cast<uint32_t>(i), to_object(env, list.gpus[i]));
  object.Set("gpus", array);
  return object;
}

}  // namespace

Napi::Value info(const Napi::CallbackInfo& call) {
  const CpuFeatures& features = cpu_features();
  Napi::Object object = Napi::Object::New(call.Env());
  object.Set("avx2", features.avx2);
  object.Set("avx512", features.avx512);
  object.Set("avx512Bf16", features.avx512_bf16);
  object.Set("avx512Vbmi", features.avx512_vbmi);
  object.Set("amxBf16", features.amx_bf16);
  object.Set("neon", features.neon);
  object.Set("compiler", kCompiler);
  return object;
}

Napi::Value limits(const Napi::CallbackInfo& call) {
  const int threads = std::max(1, call[0].ToNumber().Int32Value());
  auto measured = std::make_shared<MachineLimits>();
  return run_task(call.Env(), {[=] { *measured = measure_limits(threads); },
                               [measured](Napi::Env env) {
                                 return limits_object(env, measured->f32_flops, measured->bf16_flops, measured->read_bytes);
                               }});
}

Napi::Value gpu_limits(const Napi::CallbackInfo& call) {
  const int index = call[0].ToNumber().Int32Value();
  auto measured = std::make_shared<cuda::GpuLimits>();
  return run_task(call.Env(), {[=] { *measured = cuda::measure_gpu_limits(index); },
                               [measured](Napi::Env env) {
                                 return limits_object(env, measured->f32_flops, measured->bf16_flops, measured->read_bytes);
                               }});
}

Napi::Value gpus(const Napi::CallbackInfo& call) {
  auto list = std::make_shared<cuda::GpuList>();
  return run_task(call.Env(), {[list] { *list = cuda::list_gpus(); }, [list](Napi::Env env) { return to_object(env, *list); }});
}

Napi::Value sample_gpu(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  try {
    const cuda::GpuSample sample = cuda::nvml().sample(call[0].ToString().Utf8Value());
    Napi::Object object = Napi::Object::New(env);
    const auto set = [&](const char* name, const std::optional<int64_t>& value) {
      if (value) object.Set(name, static_cast<double>(*value));
    };
    set("memoryUsedBytes", sample.memory_used_bytes);
    set("powerMilliwatts", sample.power_milliwatts);
    set("energyMillijoules", sample.energy_millijoules);
    set("smClockMhz", sample.sm_clock_mhz);
    set("memoryClockMhz", sample.memory_clock_mhz);
    set("temperatureCelsius", sample.temperature_celsius);
    set("busyPercent", sample.busy_percent);
    set("memoryBusyPercent", sample.memory_busy_percent);
    set("throttleReasons", sample.throttle_reasons);
    return object;
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

}  // namespace evalrun

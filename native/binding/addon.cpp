// The Node-API addon's exports. JavaScript validates and speaks to people; this side computes.
#include <napi.h>

#include "binding/js_model.h"
#include "binding/machine.h"

namespace evalrun {
namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Model", define_model(env));
  exports.Set("info", Napi::Function::New(env, info));
  exports.Set("limits", Napi::Function::New(env, limits));
  exports.Set("gpuLimits", Napi::Function::New(env, gpu_limits));
  exports.Set("gpus", Napi::Function::New(env, gpus));
  exports.Set("sampleGpu", Napi::Function::New(env, sample_gpu));
  return exports;
}

NODE_API_MODULE(evalrun, initialize)

}  // namespace
}  // namespace evalrun

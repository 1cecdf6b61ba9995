// What JavaScript asks of the machine: info(), limits(threads), gpuLimits(index), gpus() and sampleGpu(busId).
#pragma once
#include <napi.h>

namespace evalrun {

// Instruction sets, compiler, and whether there is code for GPUs in this build.
Napi::Value info(const Napi::CallbackInfo& call);
// Measures what the processor can do at most; a promise.
Napi::Value limits(const Napi::CallbackInfo& call);
// Measures what a GPU can do at most; a promise.
Napi::Value gpu_limits(const Napi::CallbackInfo& call);
// What the driver says of the GPUs, which may take a second; a promise.
Napi::Value gpus(const Napi::CallbackInfo& call);
// A GPU's counters now; throws with the reason where there are none.
Napi::Value sample_gpu(const Napi::CallbackInfo& call);

}  // namespace evalrun

// Devices, errors, memory and copies of the simulated runtime; streams are in stream.cpp.
#include "cuda/sim/runtime_api.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "cuda/sim/device.h"
#include "cuda/sim/memory.h"
#include "cuda/sim/stream.h"

using namespace evalrun::cuda::sim;

namespace {

cudaError_t last_error = cudaSuccess;
cudaError_t sentence_error = cudaSuccess;
std::string sentence;

const char* plain_string(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorNotReady: return "device not ready";
    case cudaErrorHostMemoryAlreadyRegistered: return "part or all of the requested memory range is already mapped";
    case cudaErrorHostMemoryNotRegistered: return "pointer does not correspond to a registered memory region";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorNotSupported: return "operation not supported";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorCapturedEvent: return "operation not permitted on an event last recorded in a capturing stream";
  }
  return "unrecognized error code";
}

void write_range(const std::string& line) {
  static std::FILE* const file = [] {
    const char* name = std::getenv("EVALRUN_SIM_RANGES");
    return name == nullptr ? nullptr : std::fopen(name, "a");
  }();
  if (file == nullptr) return;
  std::fprintf(file, "%s\n", line.c_str());
  std::fflush(file);
}

// "" where the pointers are what the direction says.
std::string wrong_direction(void* to, size_t to_bytes, const void* from, size_t from_bytes, cudaMemcpyKind kind) {
  const bool to_device = touches_device(to), from_device = touches_device(from);
  if (to_device && !is_device(to, to_bytes)) return "the copy leaves the device allocation it writes to";
  if (from_device && !is_device(from, from_bytes)) return "the copy leaves the device allocation it reads from";
  if (kind == cudaMemcpyDefault) return "";
  const bool wants_device_to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool wants_device_from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (to_device != wants_device_to) return std::string("the copy writes to ") + (to_device ? "device" : "host") + " memory";
  if (from_device != wants_device_from) {
    return std::string("the copy reads from ") + (from_device ? "device" : "host") + " memory";
  }
  return "";
}

}  // namespace

namespace evalrun::cuda::sim {

cudaError_t report(cudaError_t error, const std::string& text) {
  last_error = error;
  sentence_error = text.empty() ? cudaSuccess : error;
  sentence = text;
  return error;
}

}  // namespace evalrun::cuda::sim

int nvtxRangePushA(const char* name) {
  write_range(std::string("+ ") + name);
  return 0;
}
int nvtxRangePop() {
  write_range("-");
  return 0;
}

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }

const char* cudaGetErrorString(cudaError_t error) {
  return error != cudaSuccess && error == sentence_error ? sentence.c_str() : plain_string(error);
}
const char* cudaGetErrorName(cudaError_t error) { return plain_string(error); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = usable_device() + 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == usable_device() ? cudaSuccess : report(cudaErrorInvalidDevice); }
cudaError_t cudaGetDevice(int* device) {
  *device = usable_device();
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device > usable_device()) return report(cudaErrorInvalidDevice);
  *properties = {};
  if (device < usable_device()) {
    std::snprintf(properties->name, sizeof properties->name, "simulated old GPU");
    properties->major = 7;
    return cudaSuccess;
  }
  std::snprintf(properties->name, sizeof properties->name, "simulated GPU");
  properties->major = compute_capability() / 10;
  properties->minor = compute_capability() % 10;
  properties->multiProcessorCount = kMultiprocessors;
  properties->totalGlobalMem = device_bytes();
  properties->sharedMemPerBlockOptin = static_cast<size_t>(max_shared_bytes());
  properties->maxThreadsPerBlock = 1024;
  properties->l2CacheSize = 50 << 20;
  properties->memoryBusWidth = 6144;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device != usable_device()) return report(cudaErrorInvalidDevice);
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
    case cudaDevAttrMultiProcessorCount: *value = kMultiprocessors; break;
    case cudaDevAttrComputeCapabilityMajor: *value = compute_capability() / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = compute_capability() % 10; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = max_shared_bytes(); break;
  }
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device) {
  if (device != usable_device()) return report(cudaErrorInvalidDevice);
  std::snprintf(id, static_cast<size_t>(length), "0000:3b:00.0");
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = free_device_bytes();
  *total = device_bytes();
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) { return cudaRuntimeGetVersion(version); }

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  *pointer = nullptr;
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "cudaMalloc while a stream is captured");
  if (bytes == 0) return cudaSuccess;
  *pointer = allocate_device(bytes);
  return *pointer == nullptr ? report(cudaErrorMemoryAllocation) : cudaSuccess;
}

// Waits for the device, as CUDA's does.
cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "cudaFree while a stream is captured");
  run_everything();
  return free_device(pointer) ? cudaSuccess : report(cudaErrorInvalidValue, "cudaFree of what cudaMalloc did not give");
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  *pointer = nullptr;
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "cudaMallocHost while a stream is captured");
  if (bytes > 0) *pointer = allocate_pinned(bytes);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) { return cudaMallocHost(pointer, bytes); }

cudaError_t cudaFreeHost(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  run_everything();
  return free_pinned(pointer) ? cudaSuccess : report(cudaErrorInvalidValue, "cudaFreeHost of other memory");
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned) {
  if (is_pinned(pointer, 1)) return report(cudaErrorHostMemoryAlreadyRegistered);
  add_pinned(pointer, bytes);
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* pointer) {
  run_everything();
  return remove_pinned(pointer) ? cudaSuccess : report(cudaErrorHostMemoryNotRegistered);
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  if (width == 0 || height == 0) return cudaSuccess;
  if (width > to_pitch || width > from_pitch) return report(cudaErrorInvalidValue, "a copy wider than its pitch");
  const size_t to_bytes = (height - 1) * to_pitch + width, from_bytes = (height - 1) * from_pitch + width;
  const std::string wrong = wrong_direction(to, to_bytes, from, from_bytes, kind);
  if (!wrong.empty()) return report(cudaErrorInvalidValue, wrong);
  const auto copy = [=] {
    const DeviceAccess access;
    for (size_t row = 0; row < height; ++row) {
      std::memcpy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch, width);
    }
  };
  Stream& queue = stream_of(stream);
  if (!touches_device(from) && !is_pinned(from, from_bytes)) {
    // The driver takes pageable memory into a buffer of its own before it returns; a graph would read it at every launch.
    if (queue.capture) return report(cudaErrorStreamCaptureUnsupported, "a copy from pageable memory in a captured stream");
    queue.run_all();
    copy();
    return cudaSuccess;
  }
  queue.add(copy);
  if (!touches_device(to) && !is_pinned(to, to_bytes)) {
    if (queue.capture) return report(cudaErrorStreamCaptureUnsupported, "a copy to pageable memory in a captured stream");
    queue.run_all();
  }
  return cudaSuccess;
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                         cudaMemcpyKind kind) {
  if (forbidden_by_capture()) return report(cudaErrorStreamCaptureUnsupported, "cudaMemcpy while a stream is captured");
  run_everything();
  const cudaError_t status = cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, nullptr);
  return status == cudaSuccess ? cudaStreamSynchronize(nullptr) : status;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpy2D(to, bytes, from, bytes, bytes, 1, kind);
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!is_device(to, bytes)) return report(cudaErrorInvalidValue, "cudaMemset of what is not one device allocation");
  stream_of(stream).add([=] {
    const DeviceAccess access;
    std::memset(to, value, bytes);
  });
  return cudaSuccess;
}
cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  run_everything();
  const cudaError_t status = cudaMemsetAsync(to, value, bytes, nullptr);
  run_everything();
  return status;
}

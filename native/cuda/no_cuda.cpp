// What a build without CUDA answers; in the place of cuda_device.cpp and everything it needs.
#include <stdexcept>

#include "cuda/gpu.h"

namespace evalrun::cuda {

GpuList list_gpus() {
  GpuList list;
  list.reason = EVALRUN_NO_CUDA_REASON;
  return list;
}

GpuLimits measure_gpu_limits(int) { throw std::runtime_error(EVALRUN_NO_CUDA_REASON); }

double measure_upload(int) { throw std::runtime_error(EVALRUN_NO_CUDA_REASON); }

ProductRates measure_products(int) { throw std::runtime_error(EVALRUN_NO_CUDA_REASON); }

void time_kernels(Device&, bool) {}
void split_decoding(int) {}
std::vector<KernelTime> take_kernel_times(Device&) { return {}; }

std::shared_ptr<Device> create_cuda_device(int, int, bool) { throw std::runtime_error(EVALRUN_NO_CUDA_REASON); }

}  // namespace evalrun::cuda

// The GPUs of this machine, in plain C++: built with CUDA, with its simulation, or with neither (no_cuda.cpp).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/device.h"

namespace evalrun::cuda {

struct GpuInfo {
  int index = 0;
  std::string name;
  std::string bus_id;  // PCI, "0000:3b:00.0"; by this NVML knows it
  int compute_capability = 0;  // 10 * major + minor
  int multiprocessors = 0;
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;
  // Why this build cannot compute on it; empty when it can.
  std::string reason;
};

struct GpuList {
  bool compiled = false;  // whether this build has a CUDA engine at all
  int runtime_version = 0, driver_version = 0;  // 1000 * major + 10 * minor, 0 where unknown
  std::vector<GpuInfo> gpus;
  // Why there is none that can be used; empty when there is.
  std::string reason;
};

// Asks the driver; never throws.
GpuList list_gpus();

// What a GPU can do at most, per second: arithmetic in registers, reading memory that no cache holds.
struct GpuLimits {
  double f32_flops = 0;   // fused multiply-adds counted as two
  double bf16_flops = 0;  // by mma.sync
  double read_bytes = 0;
};

// In about a second and a half; takes up to 2 GiB for a moment. Throws std::runtime_error with the reason.
GpuLimits measure_gpu_limits(int index);

// Bytes a second that one copy after the other brings from pinned memory of the host. Throws std::runtime_error with the reason.
double measure_upload(int index);

// How fast a product of one shape is with one tile.
struct ProductRate {
  Precision precision;
  const char* by;     // "mma", "wgmma" or "cublasLt"
  int rows, experts;  // slots, with experts; 0: dense
  int64_t outputs, columns;
  int tile_rows, tile_columns;  // 0: cuBLASLt's own affair
  bool chosen;                  // by the engine, for these sizes
  double seconds;
  // Of cuBLASLt, whose kernels are chosen by the number of rows: results that have other bits than the same rows have in a batch of
  // all (there is none where these are all). Ours have none.
  std::optional<int64_t> apart = std::nullopt;
};
struct ProductRates {
  std::vector<ProductRate> rates;
  std::string without_partner;  // why nothing is cuBLASLt's; "" where it is there
};

// Every tile of every kind that the GPU has, on products that published models have: activations converted already, weights from
// memory that no cache holds. What choose_tile (matmul.cu) estimates is fitted to these. Beside them dense products in bfloat16 by cuBLASLt
// (cublas_lt.h), the one that EVALRUN_CUBLASLT names or one of the system's. Throws std::runtime_error with the reason.
ProductRates measure_products(int index);

// Kernels of one name.
struct KernelTime {
  std::string name;
  int launches = 0;
  double seconds = 0;
};

// Whether a device of create_cuda_device times its kernels; what it timed since the last call, the longest first. Other devices have none.
void time_kernels(Device& device, bool on);
std::vector<KernelTime> take_kernel_times(Device& device);

// Pages of keys after which decoding attention of every device begins a new split, in the place of the model's own number; 0 gives it back.
void split_decoding(int pages);

// Throws std::runtime_error with the reason when the GPU cannot be used. `host_threads` convert weights before they are uploaded.
// `short_fp8_sums`: see Numerics.
std::shared_ptr<Device> create_cuda_device(int index, int host_threads, bool short_fp8_sums = false);

}  // namespace evalrun::cuda

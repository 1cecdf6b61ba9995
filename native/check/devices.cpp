#include "check/commands.h"
#include "cuda/gpu.h"

namespace evalrun::check {

bool list_devices(const Options& options, Records& records) {
  const cuda::GpuList list = cuda::list_gpus();
  for (const cuda::GpuInfo& gpu : list.gpus) {
    records.push_back(Record()
                          .add("gpu", gpu.name)
                          .add("compute capability", gpu.compute_capability)
                          .add("multiprocessors", gpu.multiprocessors)
                          .add("total bytes", gpu.total_bytes)
                          .add("free bytes", gpu.free_bytes)
                          .add("runtime", list.runtime_version)
                          .add("driver", list.driver_version)
                          .add("usable", gpu.reason.empty() ? std::string("yes") : gpu.reason));
  }
  if (!list.reason.empty()) throw PlanError(list.reason);
  return true;
}

}  // namespace evalrun::check

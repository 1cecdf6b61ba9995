#include "cpu/cpu_device.h"

#include <sys/mman.h>

#include <cstring>
#include <map>

#include "cpu/features.h"
#include "cpu/host_weights.h"
#include "model/buffer.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

class CpuDevice : public Device {
 public:
  CpuDevice(int threads, bool reference_kernels) : pool_(threads), reference_kernels_(reference_kernels) {}

  void* allocate(int64_t bytes, const std::string&) override { return map_pages(bytes); }
  void release(void* memory, int64_t bytes) override { munmap(memory, bytes); }
  void upload(void* to, const void* from, int64_t bytes) override { std::memcpy(to, from, bytes); }
  void copy(void* to, const void* from, int64_t bytes) override { std::memcpy(to, from, bytes); }

  void begin_step(bool) override {}
  void finish() override {}
  const void* stage(const void* host, int64_t) override { return host; }
  void* land(void* host, int64_t) override { return host; }

  std::unique_ptr<Weights> open_weights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors) override {
    return open_host_weights(files, std::move(tensors), pool_, !reference_kernels_);
  }

#define EVALRUN_RUN(Op, name) \
  const char* run(const Op& op) override { return run_registered(op); }
  EVALRUN_OPS(EVALRUN_RUN)
#undef EVALRUN_RUN
#define EVALRUN_RUN(Op, name) \
  const char* run(const Op& op) override { return run_composed(op); }
  EVALRUN_COMPOSED_OPS(EVALRUN_RUN)
#undef EVALRUN_RUN

 private:
  template <class Op>
  const char* run_registered(const Op& op) {
    const Kernel<Op>& kernel = Registry<Op>::instance().select(op, cpu_features(), reference_kernels_);
    kernel.run(op, pool_);
    return std::strchr(kernel.name, '/') + 1;
  }

  template <class Op>
  const char* run_composed(const Op& op) {
    const Kernel<Op>* kernel = reference_kernels_ ? nullptr : Registry<Op>::instance().find(op, cpu_features());
    if (kernel == nullptr) return Device::run(op);
    kernel->run(op, pool_);
    return std::strchr(kernel->name, '/') + 1;
  }

  ThreadPool pool_;
  const bool reference_kernels_;
};

}  // namespace

std::shared_ptr<Device> create_cpu_device(int threads, bool reference_kernels) {
  return std::make_shared<CpuDevice>(threads, reference_kernels);
}

}  // namespace evalrun

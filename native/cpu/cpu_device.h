// The CPU as a device: memory is the host's, an op runs before run() returns.
#pragma once
#include <memory>

#include "cpu/thread_pool.h"
#include "model/device.h"

namespace evalrun {

// threads counts the caller; reference_kernels takes the scalar reference of every op, and weights as those read them.
std::shared_ptr<Device> create_cpu_device(int threads, bool reference_kernels);

}  // namespace evalrun

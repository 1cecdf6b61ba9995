// Weights in the host's memory, for the CPU's kernels.
#pragma once
#include <memory>
#include <vector>

#include "cpu/thread_pool.h"
#include "model/weights.h"

namespace evalrun {

// `pool` must live as long. With `packed`, matrix() packs weights where this CPU has kernels that read them so.
std::unique_ptr<Weights> open_host_weights(const std::vector<FileRef>& files, std::vector<TensorRef> tensors, ThreadPool& pool,
                                           bool packed);

}  // namespace evalrun

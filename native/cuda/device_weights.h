// Weights in a GPU's memory: each tensor is uploaded when it is first asked for, in the layout that cuda/ops.h states.
#pragma once
#include <memory>
#include <vector>

#include "cuda/context.h"
#include "model/device.h"

namespace evalrun::cuda {

// `device` and `ctx` must live as long. `host_threads` read the files and convert what a product needs in another format.
std::unique_ptr<Weights> open_device_weights(Device& device, Context& ctx, const std::vector<FileRef>& files,
                                             std::vector<TensorRef> tensors, int host_threads);

}  // namespace evalrun::cuda

// What StoreLatentOp is launched with, alone and beside others.
#pragma once
#include <optional>

#include "cuda/kernels/latent_row.cuh"
#include "ops/ops.h"

namespace evalrun::cuda {

// Nothing where there is no kernel for it. Throws std::invalid_argument where the op's parts are of different rows.
std::optional<StoreLatentArguments> store_latent_arguments(const StoreLatentOp& op);

}  // namespace evalrun::cuda

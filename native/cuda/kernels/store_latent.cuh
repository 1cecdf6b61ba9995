// StoreLatentOp in a kernel of its own.
#pragma once
#include "cuda/kernels/latent_row.cuh"

namespace evalrun::cuda {

// The blocks behind those that store turn queries.
__global__ void __launch_bounds__(kLatentThreads) store_latent(StoreLatentArguments a, RopeArguments queries) {
  let_next_start();
  const int block = static_cast<int>(blockIdx.x) - store_latent_blocks(a.rows);
  if (block < 0) return store_latent_block(a);
  wait_for_last();
  rotate_item<true>(queries, static_cast<int64_t>(block) * kLatentThreads + threadIdx.x);
}

}  // namespace evalrun::cuda

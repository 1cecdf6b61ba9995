// What a decoding step does between its first products and the cache, in one launch: its tokens' latents are stored, and its queries turned
// and absorbed. Neither reads what the other writes.
#pragma once
#include "cuda/kernels/latent_absorb.cuh"
#include "cuda/kernels/latent_row.cuh"

namespace evalrun::cuda {

static_assert(kLatentThreads == 128, "both have the same blocks");

// Blocks behind those that store are of a grid [tiles, heads, 16 decode rows].
__global__ void __launch_bounds__(kLatentThreads) store_and_absorb(StoreLatentArguments store, AbsorbArguments absorb, QueryTurn turn) {
  let_next_start();
  const int block = static_cast<int>(blockIdx.x) - store_latent_blocks(store.rows);
  if (block < 0) return store_latent_block(store);
  const int tiles = (absorb.rank + kAbsorbColumns - 1) / kAbsorbColumns;
  absorb_block(absorb, turn, {block % tiles, block / tiles % absorb.heads, block / tiles / absorb.heads});
}

}  // namespace evalrun::cuda

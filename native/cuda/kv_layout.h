// Where one layer of the paged KV cache holds its elements on a GPU. Written by store_kv.cu, read by the attention kernels.
//
//   dense   keys [pages, G, P, D] and values [pages, G, P, Dv]: a head's 64 keys of a page are 64 rows of D, unlike on the CPU,
//           where keys are transposed. Matrix instructions take both operands of q.k with the reduced columns together, and a
//           token's key is then one contiguous row to store.
//   latent  [pages, P, R + rope]: a token's normalised latent, then its rotated shared key.
//
// Elements are float32 or bfloat16 (kv_dtype). A page is contiguous in each of keys, values and latents, with as many elements as
// on the CPU, so whole pages are copied alike on both. `slot` is page * P + place in the page, as in StoreKvOp. Rows begin at
// multiples of 16 bytes where the row's bytes are one; nothing is padded.
#pragma once
#include <cstdint>

#include "cuda/runtime.h"
#include "ops/ops.h"

namespace evalrun::cuda {

// Element index of head `head`'s row of `columns` (D or Dv) elements for the token in `slot`, in a dense layer's keys or values.
__host__ __device__ constexpr int64_t dense_kv_row(int64_t slot, int head, int heads, int columns) {
  const int64_t page = slot / kPageTokens;
  const int64_t place = slot % kPageTokens;
  return ((page * heads + head) * kPageTokens + place) * columns;
}

// Element index of the 64 rows of `columns` elements that page `page` holds of head `head`.
__host__ __device__ constexpr int64_t dense_kv_page(int64_t page, int head, int heads, int columns) {
  return (page * heads + head) * kPageTokens * columns;
}

// Element index of the token's row of R + rope elements in a latent layer.
__host__ __device__ constexpr int64_t latent_kv_row(int64_t slot, int rank, int rope_dim) {
  return slot * (rank + rope_dim);
}

}  // namespace evalrun::cuda

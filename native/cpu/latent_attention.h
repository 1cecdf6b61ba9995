// The two forms of Multi-head Latent Attention, each over the spans that use it; see LatentAttentionOp.
#pragma once
#include "cpu/block_kernels.h"
#include "cpu/dot_kernels.h"
#include "cpu/thread_pool.h"

namespace evalrun {

struct LatentKernels {
  const DotKernels& dot;
  const BlockKernels& block;
};

// Prompt spans: keys and values of every distinct page are expanded from the latent, head by head.
void attend_expanded(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool);

// Decode spans: queries are projected into the latent space instead.
void attend_absorbed(const LatentAttentionOp& op, const LatentKernels& kernels, ThreadPool& pool);

}  // namespace evalrun

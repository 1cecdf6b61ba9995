// Vector kernels of LatentAttentionOp: prompts expanded, decode steps absorbed.
#include "cpu/latent_attention.h"

#include "cpu/isa.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

template <const DotKernels* kDot, const BlockKernels* kBlock>
void latent_attention(const LatentAttentionOp& op, ThreadPool& pool) {
  const int precision = static_cast<int>(op.precision);
  const LatentKernels kernels{kDot[precision], kBlock[precision]};
  attend_expanded(op, kernels, pool);
  attend_absorbed(op, kernels, pool);
}

template <Isa kIsa>
bool accepts(const LatentAttentionOp& op, const CpuFeatures& features) {
  return isa_takes_attention(kIsa, features, op.precision, op.kv_dtype) &&
         isa_takes_product(kIsa, features, op.precision, op.kv_b.dtype);
}

#if defined(__x86_64__)
const Register<LatentAttentionOp> kLatentAttention[] = {
    Register<LatentAttentionOp>(
        {"latent_attention/avx2", 10, accepts<Isa::kAvx2>, latent_attention<kDotAvx2, kBlockAvx2>}),
    Register<LatentAttentionOp>(
        {"latent_attention/avx512", 20, accepts<Isa::kAvx512>, latent_attention<kDotAvx512, kBlockAvx512>}),
    Register<LatentAttentionOp>({"latent_attention/avx512-bf16", 30, accepts<Isa::kAvx512Bf16>,
                                 latent_attention<kDotAvx512Bf16, kBlockAvx512Bf16>}),
    Register<LatentAttentionOp>(
        {"latent_attention/amx-bf16", 40, accepts<Isa::kAmx>, latent_attention<kDotAmx, kBlockAmx>}),
};
#elif defined(__aarch64__)
const Register<LatentAttentionOp> kLatentAttention(
    {"latent_attention/neon", 10, accepts<Isa::kNeon>, latent_attention<kDotNeon, kBlockNeon>});
#endif

}  // namespace
}  // namespace evalrun

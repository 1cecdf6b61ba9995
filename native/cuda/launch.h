// Launching a kernel. Kernels take all their shared memory as one dynamic block: `unsigned char* shared = shared_memory();`
// (1,024-byte aligned, contents undefined: the simulation poisons them). `__shared__` variables are not used.
//
//   launch(ctx, "norm", my_kernel<4>, grid, block, shared_bytes, arguments...);
//
// Throws CudaError that names the kernel when the launch is refused. More than 48 KiB of shared memory is asked for here.
#pragma once
#include "cuda/context.h"

namespace evalrun::cuda {

#if !defined(EVALRUN_CUDA_SIM)
__device__ inline unsigned char* shared_memory() {
  extern __shared__ __align__(1024) unsigned char evalrun_shared[];
  return evalrun_shared;
}

template <class... Parameters, class... Arguments>
void launch(Context& ctx, const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, int shared_bytes,
            Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  if (shared_bytes > 48 * 1024) {
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes),
          name);
  }
  kernel<<<grid, block, shared_bytes, ctx.stream>>>(static_cast<Parameters>(arguments)...);
  check(cudaGetLastError(), name);
}
#else
template <class... Parameters, class... Arguments>
void launch(Context& ctx, const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, int shared_bytes,
            Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  sim::launch(name, grid, block, shared_bytes, ctx.stream, [=] { kernel(static_cast<Parameters>(arguments)...); });
  check(cudaGetLastError(), name);
}
#endif

}  // namespace evalrun::cuda

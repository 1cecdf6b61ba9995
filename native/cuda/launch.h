// Launching a kernel. Kernels take all their shared memory as one dynamic block: `unsigned char* shared = shared_memory();`
// (1,024-byte aligned, contents undefined: the simulation poisons them). `__shared__` variables are not used.
//
//   launch(ctx, "norm", my_kernel<4>, grid, block, shared_bytes, arguments...);
//
// Throws CudaError that names the kernel when the launch is refused. More than 48 KiB of shared memory is asked for here.
// While ctx.recorder records, the launch is held back; where ctx.overlap, the kernel may then be started before the one in front of it
// has finished (on an H200 decoding is 5 % faster so, while prompts' long kernels would be 2 % slower). So every kernel calls
// let_next_start() and wait_for_last() (kernels/primitives.cuh; the simulation makes sure of it).
#pragma once
#include "cuda/context.h"

namespace evalrun::cuda {

#if !defined(EVALRUN_CUDA_SIM)
__device__ inline unsigned char* shared_memory() {
  extern __shared__ __align__(1024) unsigned char evalrun_shared[];
  return evalrun_shared;
}
#endif

template <class... Parameters, class... Arguments>
void launch(Context& ctx, const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, int shared_bytes,
            Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
#if defined(EVALRUN_CUDA_SIM)
  auto start = [=, stream = ctx.stream] {
    sim::launch(name, grid, block, shared_bytes, stream, [=] {
      kernel(static_cast<Parameters>(arguments)...);
      sim::expect_wait();
    });
    check(cudaGetLastError(), name);
  };
#else
  if (shared_bytes > 48 * 1024) {
    int& allowed = ctx.large_shared[reinterpret_cast<const void*>(kernel)];
    if (allowed < shared_bytes) {
      check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes),
            name);
      allowed = shared_bytes;
    }
  }
  auto start = [=, stream = ctx.stream, overlap = ctx.overlap && ctx.recorder.recording()] {
    cudaLaunchAttribute attribute;
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = static_cast<size_t>(shared_bytes);
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = overlap ? 1 : 0;
    check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), name);
    check(cudaGetLastError(), name);
  };
#endif
  if (!ctx.recorder.recording()) {
    if (!ctx.timer.on) return start();
    ctx.timer.begin(name, ctx.stream);
    start();
    return ctx.timer.end(ctx.stream);
  }
  LaunchHash hash;
  hash.add(reinterpret_cast<const void*>(kernel));
  for (unsigned size : {grid.x, grid.y, grid.z, block.x, block.y, block.z, static_cast<unsigned>(shared_bytes)}) hash.add(size);
  (hash.add(static_cast<Parameters>(arguments)), ...);
  ctx.recorder.add(hash, std::move(start));
  if (!ctx.recorder.full()) return;
  ctx.recorder.flush(ctx.stream);
  ctx.recorder.go_on();
}

}  // namespace evalrun::cuda

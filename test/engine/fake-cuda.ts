/** GPUs as the driver would describe them, for machines that have none. */
import type { CudaInfo, GpuInfo } from '../../engine/native.js';

export function fakeGpu(parts: Partial<GpuInfo> = {}): GpuInfo {
  return {
    index: 0,
    name: 'NVIDIA H200',
    busId: '0000:3b:00.0',
    computeCapability: 90,
    multiprocessors: 132,
    totalBytes: 150_110_011_392,
    freeBytes: 139 * 2 ** 30,
    reason: '',
    ...parts,
  };
}

export const OLD_GPU = fakeGpu({
  name: 'Tesla V100',
  computeCapability: 70,
  reason: 'compute capability 7.0, and the kernels need 8.0',
});

export function fakeCuda(gpus: readonly GpuInfo[], parts: Partial<CudaInfo> = {}): CudaInfo {
  return { compiled: true, reason: '', runtimeVersion: 13_000, driverVersion: 13_000, gpus, ...parts };
}

export const NO_DRIVER = fakeCuda([], { reason: 'no NVIDIA driver is installed', driverVersion: 0 });

export const NOT_COMPILED = fakeCuda([], {
  compiled: false,
  reason: 'no nvcc was found (looked on the PATH)',
  runtimeVersion: 0,
  driverVersion: 0,
});

/** What CUDA says here is that the driver is insufficient; which versions there are makes it a sentence. */
export const OLD_DRIVER = fakeCuda([], {
  reason: 'CUDA driver version is insufficient for CUDA runtime version',
  driverVersion: 12_040,
});

/** The GPUs, and what of CUDA this build and this machine have; none of it is needed to run on the CPU. */
import { gpuName, renderCudaVersion, whyNoGpu } from '../engine/device.js';
import type { CudaInfo, GpuInfo } from '../engine/native.js';
import type { Finding } from './doctor.js';
import { renderBytes } from './quantity.js';

/** Tools that answer where they are there; null where not. */
export interface GpuTools {
  /** Lines of `nvidia-smi -L`-like output: what the driver knows, whatever this build can do. */
  readonly nvidiaSmi: string | null;
  /** "release 13.0" */
  readonly nvcc: string | null;
}

/** One finding for the engine, one for each GPU, one for the compiler. */
export function describeGpus(cuda: CudaInfo, tools: GpuTools): Finding[] {
  const gpus = cuda.gpus.map(describeGpu);
  return [
    describeEngine(cuda, tools),
    ...(gpus.length > 0 ? gpus : [noGpu(cuda, tools)]),
    describeCompiler(cuda, tools),
  ];
}

function describeEngine(cuda: CudaInfo, { nvcc }: GpuTools): Finding {
  const name = 'CUDA engine';
  if (!cuda.compiled) {
    const todo =
      nvcc === null
        ? 'install the CUDA toolkit (nvcc 12.0 or newer) and run "npm run build:native", if this machine has an NVIDIA GPU'
        : 'mend that and run "npm run build:native"; EVALRUN_CUDA=1 makes it stop where CUDA cannot be compiled';
    return { name, state: 'note', found: `not in this build: ${cuda.reason}`, todo };
  }
  const driver =
    cuda.driverVersion === 0 ? 'no driver' : `the driver knows CUDA up to ${renderCudaVersion(cuda.driverVersion)}`;
  const found = `built with the runtime of CUDA ${renderCudaVersion(cuda.runtimeVersion)}; ${driver}`;
  return { name, state: 'ok', found };
}

function describeGpu(gpu: GpuInfo): Finding {
  const capability = `${Math.floor(gpu.computeCapability / 10)}.${gpu.computeCapability % 10}`;
  const facts = [
    gpuName(gpu),
    `compute capability ${capability}`,
    `${gpu.multiprocessors} multiprocessors`,
    `${renderBytes(gpu.freeBytes)} free of ${renderBytes(gpu.totalBytes)}`,
  ];
  if (gpu.reason === '') return { name: 'GPU', state: 'ok', found: facts.join(', ') };
  return { name: 'GPU', state: 'note', found: `${gpuName(gpu)} cannot be used: ${gpu.reason}` };
}

/** No GPU that CUDA sees; nvidia-smi may see some, where this build has no CUDA or the driver is too old for it. */
function noGpu(cuda: CudaInfo, { nvidiaSmi }: GpuTools): Finding {
  if (nvidiaSmi === null)
    return { name: 'GPU', state: 'note', found: `none: ${cuda.compiled ? whyNoGpu(cuda) : 'there is no nvidia-smi'}` };
  const list = nvidiaSmi.trim().split('\n').join('; ');
  return { name: 'GPU', state: 'note', found: `not used: ${list}; ${whyNoGpu(cuda)}` };
}

function describeCompiler({ compiled }: CudaInfo, { nvcc }: GpuTools): Finding {
  if (nvcc !== null) return { name: 'CUDA compiler', state: 'ok', found: `nvcc ${nvcc}` };
  // Only needed to build.
  return { name: 'CUDA compiler', state: compiled ? 'ok' : 'note', found: 'no nvcc' };
}

/** Where a model computes: what --device means on this machine, and why. */
import { EvalrunError } from '../errors.js';
import type { CudaInfo, GpuInfo } from './native.js';

/** `cuda` is the first usable GPU, `cuda:N` the one with index N. */
export type DeviceOption = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** What DeviceOption may be, for messages. */
export const DEVICE_OPTIONS = 'auto, cpu, cuda or cuda:N with the number of a GPU';

export function isDeviceOption(text: string): text is DeviceOption {
  return /^(auto|cpu|cuda|cuda:\d{1,3})$/.test(text);
}

export type Device =
  | { readonly kind: 'cpu'; readonly name: 'cpu'; readonly reason: string }
  | {
      readonly kind: 'cuda';
      /** "cuda:0 NVIDIA H200" */
      readonly name: string;
      readonly reason: string;
      readonly gpu: GpuInfo;
    };

/** Whether a device's name is a GPU's. */
export function isGpu(name: string): boolean {
  return name.startsWith('cuda');
}

/** `cuda` where the number of the GPU says nothing: the same model of GPU computes the same. */
export function deviceWithoutIndex(name: string): string {
  return name.replace(/^cuda:\d+/, 'cuda');
}

/**
 * The device that `asked` means. What the GPUs are is only asked where it matters: it starts CUDA.
 *
 * @throws EvalrunError device/cuda when a GPU is asked for and cannot be used
 */
export async function chooseDevice(asked: DeviceOption, askCuda: () => Promise<CudaInfo>): Promise<Device> {
  if (asked === 'cpu') return { kind: 'cpu', name: 'cpu', reason: 'it was asked for' };
  const cuda = await askCuda();
  const usable = cuda.gpus.filter(({ reason }) => reason === '');
  const index = /^cuda:(\d+)$/.exec(asked)?.[1];
  const gpu = index === undefined ? usable[0] : cuda.gpus.find((one) => one.index === Number(index));
  if (gpu?.reason === '') return { kind: 'cuda', name: gpuName(gpu), reason: whyTaken(asked, cuda, gpu), gpu };
  if (asked === 'auto') return { kind: 'cpu', name: 'cpu', reason: whyNoGpu(cuda) };
  const unknown = index !== undefined && gpu === undefined && cuda.gpus.length > 0;
  throw new EvalrunError('device/cuda', {
    what: `--device ${asked} cannot be used`,
    expected: cuda.compiled ? 'an NVIDIA GPU that this build can compute on' : 'a build with a CUDA engine',
    found: unknown ? cuda.gpus.map(gpuName).join(', ') : gpu === undefined ? whyNoGpu(cuda) : describeProblem(gpu),
    todo: whatToDo(cuda),
  });
}

export function gpuName({ index, name }: GpuInfo): string {
  return `cuda:${index} ${name}`.trim();
}

/** CUDA's version numbers are 1000 * major + 10 * minor: 12040 is 12.4. */
export function renderCudaVersion(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** Why no GPU is used, in words that follow "because": never empty. */
export function whyNoGpu(cuda: CudaInfo): string {
  if (!cuda.compiled) return `this build has no CUDA engine: ${cuda.reason}`;
  if (driverIsTooOld(cuda)) {
    return (
      `the NVIDIA driver is too old: it knows CUDA up to ${renderCudaVersion(cuda.driverVersion)}, ` +
      `and this build uses CUDA ${renderCudaVersion(cuda.runtimeVersion)}`
    );
  }
  const problems = cuda.gpus.filter(({ reason }) => reason !== '').map(describeProblem);
  return problems.length > 0 ? problems.join('; ') : cuda.reason || 'there is no NVIDIA GPU';
}

/** Programs of one major version run on every driver of it. */
function driverIsTooOld({ driverVersion, runtimeVersion, gpus }: CudaInfo): boolean {
  const usable = gpus.some(({ reason }) => reason === '');
  return !usable && driverVersion > 0 && Math.floor(driverVersion / 1000) < Math.floor(runtimeVersion / 1000);
}

function describeProblem(gpu: GpuInfo): string {
  return `${gpuName(gpu)}: ${gpu.reason}`;
}

function whyTaken(asked: DeviceOption, cuda: CudaInfo, gpu: GpuInfo): string {
  if (asked !== 'auto') return 'it was asked for';
  const passedOver = cuda.gpus.filter(({ index, reason }) => index < gpu.index && reason !== '').map(describeProblem);
  const others = cuda.gpus.length > 1 ? 'it is the first GPU that can be used' : 'it can be used';
  return [others, ...passedOver].join('; ');
}

function whatToDo(cuda: CudaInfo): string {
  if (!cuda.compiled) {
    return 'install the CUDA toolkit (nvcc 12.0 or newer) and run "npm run build:native", or run with --device cpu';
  }
  if (driverIsTooOld(cuda)) {
    return 'update the NVIDIA driver, or build again with the older CUDA toolkit; "evalrun doctor" shows both versions';
  }
  if (cuda.gpus.length === 0) {
    return 'check that nvidia-smi lists a GPU and that CUDA_VISIBLE_DEVICES does not hide it, or run with --device cpu';
  }
  return 'choose another GPU with --device cuda:N ("evalrun doctor" lists them), or run with --device cpu';
}
